"""Tables of offers: unknown devices that were heard, and the messages that are kept of each."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import Sequence, metadata

offers = Table(
    "offers",
    metadata,
    Column("id", String, primary_key=True),
    Column("convention", String, nullable=False),
    Column("topic", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("many", Boolean, nullable=False),
    Column("found", JSON, nullable=False),
    Column("others", JSON, nullable=False),
    Column("mapping", JSON),
    Column("state", String, nullable=False),
    Column("heard", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("dismissed_by", String),
    Column("dismissed_at", Instant),
    CheckConstraint("state IN ('open', 'dismissed')", name="state"),
)
Index("ix_offers_state_heard", offers.c.state, offers.c.heard)

offered = Table(
    "offered",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=False),
    Column("offer", String, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
    Column("packet", BigInteger, nullable=False),
)
Index("ix_offered_offer_n", offered.c.offer, offered.c.n)
