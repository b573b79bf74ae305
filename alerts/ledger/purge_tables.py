"""Purges: what retention deleted, a row for each day and kind; the proof of it outlives what it tells of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

purges = Table(
    "purges",
    metadata,
    Column("day", Instant, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("bytes", BigInteger),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
)
