"""Tables of presence: which `serve` counts, and who was and is connected to each."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

watchers = Table(
    "watchers",
    metadata,
    Column("serve", String, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

presence = Table(
    "presence",
    metadata,
    Column("serve", String, primary_key=True),
    Column("user", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("sight", JSON, nullable=False),
    Column("since", Instant, nullable=False),
    Column("left_at", Instant),
)
