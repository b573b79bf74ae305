"""Table of test alarms: when each leg of the way was taken."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, Index, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

test_alarms = Table(
    "test_alarms",
    metadata,
    Column("id", String, primary_key=True),
    Column("slot", String, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("failed_leg", String),
    Column("reason", Text, nullable=False),
    Column("published_at", Instant),
    Column("received_at", Instant),
    Column("committed_at", Instant),
    Column("notices", JSON, nullable=False),
    Column("done_at", Instant),
    CheckConstraint("state IN ('running', 'passed', 'failed')", name="state"),
)
Index("ix_test_alarms_state", test_alarms.c.state)
