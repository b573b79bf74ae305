"""Tables of readings over spans of time, and of what is kept of each resolution."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata

reading_spans = Table(
    "reading_spans",
    metadata,
    Column("resolution", Integer, primary_key=True, autoincrement=False),
    Column("device", String, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("total", Float, nullable=False),
    Column("unit", String, nullable=False),
    sqlite_with_rowid=False,
)
"""What was measured from `at` on for `resolution` seconds, of every reading that is stored of it."""
Index("ix_reading_spans_resolution_at", reading_spans.c.resolution, reading_spans.c.at)

reading_dues = Table(
    "reading_dues",
    metadata,
    Column("resolution", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Spans of time of which something was stored since they were last summed up; `n` changes with every store."""

reading_stock = Table(
    "reading_stock",
    metadata,
    Column("resolution", Integer, primary_key=True, autoincrement=False),
    Column("rows", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
)
"""Rows of each resolution (0: single readings), and since when it is whole: what is older may have been deleted."""
