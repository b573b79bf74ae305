"""Tables: the tables of the ledger, with those of the files beside it named `<noun>_tables`.

A change here needs a migration; a test compares the two.

Ids are the registry's own words or ULIDs; instants are milliseconds (`Instant`); sets of units are `,a,b,`
texts. Columns named area, site_kind, site and units say where a row stands: readers are filtered by them.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from alerts.ledger.columns import Instant
from alerts.ledger.metadata import Sequence, metadata, stands

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("noun", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("secrets", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("type", String, nullable=False),
    Column("noun", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("at", Instant, nullable=False),
    *stands(),
    Column("data", JSON, nullable=False),
)
Index("ix_events_subject_seq", events.c.subject, events.c.seq)

cases = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False, unique=True),
    Column("workflow", String, nullable=False),
    Column("step", String, nullable=False),
    Column("state", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("category", String, nullable=False),
    Column("severity", String, nullable=False),
    *stands(),
    Column("unit", String),
    Column("mastered_by", String, nullable=False),
    Column("source", String, nullable=False),
    Column("external_id", String),
    Column("group_key", String),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("explanation", JSON),
    Column("lat", Float),
    Column("lon", Float),
    Column("opened_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("clocks", JSON, nullable=False),
    Column("handlers", JSON, nullable=False),
    Column("extension_asked", Boolean, nullable=False),
    Column("escalated_to", String),
    Column("merged_into", String),
    Column("reports", JSON),
    Column("version", Integer, nullable=False),
    Column("calendar", String),
    Column("red_from", Instant),
    CheckConstraint(
        "state IN ('open', 'paused', 'closed', 'false_alarm', 'cancelled', 'merged')", name="state"
    ),
)
LIVE_CASE = "state IN ('open', 'paused')"
Index(
    "uq_cases_live_group_key",
    cases.c.group_key,
    unique=True,
    sqlite_where=text(LIVE_CASE),
    postgresql_where=text(LIVE_CASE),
)
Index("uq_cases_source_external_id", cases.c.source, cases.c.external_id, unique=True)
Index("ix_cases_group_key_id", cases.c.group_key, cases.c.id)
Index("ix_cases_state_id", cases.c.state, cases.c.id)
Index("ix_cases_red_from", cases.c.red_from)
Index("ix_cases_opened_at", cases.c.opened_at)
Index("ix_cases_closed_at", cases.c.closed_at)

case_history = Table(
    "case_history",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("entry", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("place", String, nullable=False),
    Column("severity", String, nullable=False),
    *stands(),
    Column("state", String, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("flapping", Boolean, nullable=False, default=False),
    Column("acked", Boolean, nullable=False),
    Column("acked_by", String),
    Column("acked_at", Instant),
    Column("ack_note", Text),
    Column("ack_until", Instant),
    Column("verdict", Boolean),
    Column("verdict_by", String),
    Column("verdict_at", Instant),
    Column("verdict_reason", Text),
    Column("raised_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("cleared_at", Instant),
    Column("due_at", Instant),
    Column("value", Float),
    Column("limit", Float),
    Column("count", Integer, nullable=False),
    Column("certainty", Float, nullable=False),
    Column("members", JSON, nullable=False),
    Column("absorbed_into", String),
    Column("silenced_by", JSON(none_as_null=True)),
    Column("inhibited_by", JSON(none_as_null=True)),
    Column("case_id", ForeignKey("cases.id")),
    Column("explanation", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("not_mended_since", Instant),
    Column("mended_at", Instant),
    Column("mended_by", String),
    Column("mended_note", Text),
    CheckConstraint("state IN ('open', 'cleared')", name="state"),
)
OPEN_INCIDENT = "state = 'open'"
Index(
    "uq_incidents_open_place_condition",
    incidents.c.place,
    incidents.c.condition,
    unique=True,
    sqlite_where=text(OPEN_INCIDENT),
    postgresql_where=text(OPEN_INCIDENT),
)
Index("ix_incidents_state_id", incidents.c.state, incidents.c.id)
Index("ix_incidents_case_id", incidents.c.case_id)
Index("ix_incidents_raised_at", incidents.c.raised_at)
Index("ix_incidents_cleared_at", incidents.c.cleared_at)
Index("ix_incidents_due_at", incidents.c.due_at)
Index(
    "ix_incidents_place_condition_cleared_at",
    incidents.c.place,
    incidents.c.condition,
    incidents.c.cleared_at,
)

signal_marks = Table(
    "signal_marks",
    metadata,
    Column("rule", String, primary_key=True),
    Column("place", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("levels", JSON),
)

evidence = Table(
    "evidence",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("ref", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("path", String),
    Column("sha256", String(64)),
    Column("bytes", BigInteger),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("state IN ('pending', 'ready', 'expired', 'none')", name="state"),
)
Index("ix_evidence_state", evidence.c.state)

device_states = Table(
    "device_states",
    metadata,
    Column("device", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("last_seen", Instant),
    Column("counters", JSON, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("device", String, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("value", Float, nullable=False),
    Column("unit", String, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("quality", String, nullable=False),
    sqlite_with_rowid=False,
)

Index("ix_readings_at", readings.c.at)

rule_states = Table(
    "rule_states",
    metadata,
    Column("key", String, primary_key=True),
    Column("state", JSON, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("topic", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

rejected = Table(
    "rejected",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("reason", String, nullable=False),
    Column("convention", String, nullable=False),
    Column("topic", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("guess", JSON),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("types", JSON, nullable=False),
    Column("sight", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("hook", ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("done_at", Instant),
    CheckConstraint("state IN ('pending', 'delivered', 'dropped')", name="state"),
)
Index("ix_outbox_state_hook_seq", outbox.c.state, outbox.c.hook, outbox.c.seq)

audit = Table(
    "audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("action", String, nullable=False),
    Column("noun", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("area", String),
    Column("entry", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)
Index("ix_audit_subject_seq", audit.c.subject, audit.c.seq)
Index("ix_audit_action_at", audit.c.action, audit.c.at)

idempotency = Table(
    "idempotency",
    metadata,
    Column("who", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("ix_idempotency_at", idempotency.c.at)

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", String, primary_key=True),
    *stands(),
    Column("text", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("nodes", JSON, nullable=False),
)
