"""Tables of dampings, and of what decided each raise at a camera: dampings are made of it and tried on it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

raises = Table(
    "raises",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("rule", String, nullable=False),
    Column("device", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("aspect", Float, nullable=False),
    Column("things", JSON, nullable=False),
)
Index("ix_raises_at", raises.c.at)
Index("ix_raises_device_rule_at", raises.c.device, raises.c.rule, raises.c.at)

dampings = Table(
    "dampings",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    Column("rule", String, nullable=False),
    Column("device", String, nullable=False),
    Column("label", String, nullable=False),
    Column("box", JSON, nullable=False),
    Column("aspect", Float, nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String),
    *stands(),
)
Index("ix_dampings_expires_at", dampings.c.expires_at)
