"""Tables of case files: which photos a case has; the bytes lie in the evidence store."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

attachments = Table(
    "attachments",
    metadata,
    Column("id", String, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("phase", String, nullable=False),
    Column("state", String, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("phase IN ('before', 'after', 'other')", name="phase"),
    CheckConstraint("state IN ('ready', 'expired')", name="state"),
)
Index("ix_attachments_case_id", attachments.c.case_id)
