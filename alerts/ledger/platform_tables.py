"""Tables of other platforms: which of their cases is ours, what their codes mean, what the two do not agree on."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import metadata, stands

platform_cases = Table(
    "platform_cases",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("external_id", String, nullable=False, unique=True),
    Column("number", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step", String),
    Column("unit", String),
    Column("version", BigInteger),
    Column("updated_at", Instant),
    Column("received_at", Instant, nullable=False),
)

case_codes = Table(
    "case_codes",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("codes", JSON, nullable=False),
)

mappings = Table(
    "mappings",
    metadata,
    Column("noun", String, primary_key=True),
    Column("theirs", String, primary_key=True),
    Column("ours", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("position", Integer, nullable=False),
)
Index("ix_mappings_noun_ours", mappings.c.noun, mappings.c.ours)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("day", String),
    Column("case_id", String),
    Column("number", String),
    Column("external_id", String),
    *stands(),
    Column("detail", JSON, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("settled_at", Instant),
)
Index("ix_conflicts_day_kind", conflicts.c.day, conflicts.c.kind)

confirmations = Table(
    "confirmations",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("day", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("result", JSON, nullable=False),
)
