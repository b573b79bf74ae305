"""Modes: which area is, or was, out of its peace-time mode: since when, why, by whom."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text, text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

modes = Table(
    "modes",
    metadata,
    Column("id", String, primary_key=True),
    Column("mode", String, nullable=False),
    *stands(),
    Column("reason", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("begun_by", String, nullable=False),
    Column("until", Instant),
    Column("ended_at", Instant),
    Column("ended_by", String),
    Column("end_reason", Text, nullable=False),
)
ACTIVE = "ended_at IS NULL"
Index(
    "uq_modes_active_area",
    modes.c.area,
    unique=True,
    sqlite_where=text(ACTIVE),
    postgresql_where=text(ACTIVE),
)
