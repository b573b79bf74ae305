"""Table of silences: what nobody is told of for a while, by whom, why, and until when."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

silences = Table(
    "silences",
    metadata,
    Column("id", String, primary_key=True),
    Column("match", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_by", String),
    Column("over", Boolean, nullable=False),
    Column("life", Boolean, nullable=False),
    Column("sight", JSON, nullable=False),
    *stands(),
)
Index("ix_silences_over_ends_at", silences.c.over, silences.c.ends_at)
