"""Shifts of monitoring rooms, their notes, and the signed records of what was handed over."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import Sequence, metadata, stands

shifts = Table(
    "shifts",
    metadata,
    Column("id", String, primary_key=True),
    *stands(),
    Column("state", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("previous", String),
    Column("offered_at", Instant),
    Column("offer", JSON),
    Column("digest", String(64)),
    Column("taken_by", String),
    Column("ended_at", Instant),
    Column("reason", Text, nullable=False),
    CheckConstraint("state IN ('open', 'offered', 'handed-over', 'left')", name="state"),
)
RUNNING = "state IN ('open', 'offered')"
Index(
    "uq_shifts_running_area",
    shifts.c.area,
    unique=True,
    sqlite_where=text(RUNNING),
    postgresql_where=text(RUNNING),
)

shift_notes = Table(
    "shift_notes",
    metadata,
    Column("shift", ForeignKey("shifts.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("text", Text, nullable=False),
)

shift_records = Table(
    "shift_records",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("shift", ForeignKey("shifts.id"), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("entry", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)
