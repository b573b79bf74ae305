"""Tables of reports by people: whose turn they are, the sealed picture and the sealed reference of who reported."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

report_codes = Table(
    "report_codes",
    metadata,
    Column("area", String, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

public_reports = Table(
    "public_reports",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("receipt", String(64), nullable=False, unique=True),
    Column("area", String, nullable=False),
    Column("level", String, nullable=False),
    Column("leader", String),
    Column("told_at", Instant, nullable=False),
    Column("due_at", Instant),
)
Index("ix_public_reports_due_at", public_reports.c.due_at)

case_photos = Table(
    "case_photos",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

case_reporters = Table(
    "case_reporters",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

public_limits = Table(
    "public_limits",
    metadata,
    Column("key", String, primary_key=True),
    Column("until", Instant, nullable=False),
)
Index("ix_public_limits_until", public_limits.c.until)
