"""Episodes: what devices reported as begun and not yet over, and what was over before it was known to have begun."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

episodes = Table(
    "episodes",
    metadata,
    Column("id", String, primary_key=True),
    Column("device", String, nullable=False),
    Column("quantity", String, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("lasts_ms", BigInteger),
)
