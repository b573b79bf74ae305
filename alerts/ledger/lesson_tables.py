"""Tables of lessons: what is taught at which camera, its examples (their bytes lie in the store), its trainings."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

lessons = Table(
    "lessons",
    metadata,
    Column("id", String, primary_key=True),
    Column("device", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("region", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("training", String),
    Column("training_by", String),
    Column("training_at", Instant),
    Column("training_ended_at", Instant),
    Column("training_said", String, nullable=False, server_default=""),
    Column("training_version", Integer),
    *stands(),
)
Index("ix_lessons_training", lessons.c.training)

examples = Table(
    "examples",
    metadata,
    Column("id", String, primary_key=True),
    Column("lesson_id", ForeignKey("lessons.id"), nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("incident_id", String),
    Column("second", Float),
    Column("at", Instant, nullable=False),
    Column("sha256", String, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Index("ix_examples_lesson_id", examples.c.lesson_id)
