"""Table of which MQTT session answers for which topics."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, Table

from alerts.ledger.metadata import metadata

session_filters = Table(
    "session_filters",
    metadata,
    Column("session", String, primary_key=True),
    Column("filters", JSON, nullable=False),
)
