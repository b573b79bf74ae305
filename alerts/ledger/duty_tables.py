"""Tables of duty: what incidents wait for to be told on, what was told, and when the room was empty."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

watches = Table(
    "watches",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("due_at", Instant),
    Column("since", Instant, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("chain", String),
    Column("life", Boolean, nullable=False),
    CheckConstraint("kind IN ('chain', 'room')", name="kind"),
)
Index("ix_watches_due_at", watches.c.due_at)

tellings = Table(
    "tellings",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("users", JSON, nullable=False),
    Column("channels", JSON, nullable=False),
)

room_spells = Table(
    "room_spells",
    metadata,
    Column("id", String, primary_key=True),
    Column("area", String, nullable=False),
    Column("site_kind", String, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String),
)
STILL_EMPTY = "ended_at IS NULL"
Index(
    "uq_room_spells_open_area_site_kind",
    room_spells.c.area,
    room_spells.c.site_kind,
    unique=True,
    sqlite_where=text(STILL_EMPTY),
    postgresql_where=text(STILL_EMPTY),
)
