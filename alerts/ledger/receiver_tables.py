"""Tables of receivers: how those who are told take it, webhooks and channels alike."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

receivers = Table(
    "receivers",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("failing_since", Instant),
)
