"""Tables of groups: who is told of what together, and what every member was told with."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

notice_groups = Table(
    "notice_groups",
    metadata,
    Column("group_key", Text, primary_key=True),
    Column("route", String, nullable=False),
    Column("addressee", String, nullable=False),
    Column("terms", JSON, nullable=False),
    Column("open", Integer, nullable=False),
    Column("told_at", Instant),
    Column("due_at", Instant),
)
Index("ix_notice_groups_due_at", notice_groups.c.due_at)

group_members = Table(
    "group_members",
    metadata,
    Column("group_key", ForeignKey("notice_groups.group_key", ondelete="CASCADE"), primary_key=True),
    Column("incident", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("told", String),
)
Index("ix_group_members_incident", group_members.c.incident)
