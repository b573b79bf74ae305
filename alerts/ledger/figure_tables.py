"""Figures of cases: what reports count, taken out of the histories as these are written (alerts/ledger/figures.py)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

case_figures = Table(
    "case_figures",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("accepted_at", Instant),
    Column("returns", Integer, nullable=False),
    Column("reopens", Integer, nullable=False),
    Column("score", Integer),
    Column("score_by", String),
    Column("score_how", String),
)

case_steps = Table(
    "case_steps",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("step", String, nullable=False),
    Column("unit", String),
    Column("started_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("paused_at", Instant),
    Column("done_at", Instant),
    Column("completed", Boolean, nullable=False),
)
Index("ix_case_steps_due_at", case_steps.c.due_at)
Index("ix_case_steps_done_at", case_steps.c.done_at)
