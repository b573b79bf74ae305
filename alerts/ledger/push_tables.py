"""Table of the addresses that devices push to: how often each was made anew."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

push_codes = Table(
    "push_codes",
    metadata,
    Column("device", String, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
