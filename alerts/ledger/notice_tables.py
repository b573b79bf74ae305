"""Tables of notices: what somebody is to be told, and how each channel took it."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

notices = Table(
    "notices",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("why", String, nullable=False),
    Column("addressee", String, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("route", String),
    Column("incidents", JSON, nullable=False),
    Column("open", Integer, nullable=False),
    Column("severity", String, nullable=False),
    *stands(),
    Column("title", JSON, nullable=False),
)
Index("ix_notices_group_key_id", notices.c.group_key, notices.c.id)

OF_A_GROUP = "group_key <> ''"
Index(
    "uq_notices_group_key_addressee_why_at",
    notices.c.group_key,
    notices.c.addressee,
    notices.c.why,
    notices.c.at,
    unique=True,
    sqlite_where=text(OF_A_GROUP),
    postgresql_where=text(OF_A_GROUP),
)

notice_incidents = Table(
    "notice_incidents",
    metadata,
    Column("notice", ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True),
    Column("incident", String, primary_key=True),
)
Index("ix_notice_incidents_incident", notice_incidents.c.incident)

deliveries = Table(
    "deliveries",
    metadata,
    Column("notice", ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("done_at", Instant),
    CheckConstraint("state IN ('pending', 'sent', 'dead')", name="state"),
)
Index(
    "ix_deliveries_state_channel_rank_notice",
    deliveries.c.state,
    deliveries.c.channel,
    deliveries.c.rank,
    deliveries.c.notice,
)
