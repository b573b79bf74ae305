"""Incidents: open once per place and condition, in a case that is there, of signals that count once."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.engine import Connection

from alerts.incident import TOGETHER
from alerts.ledger.checks.violation import Violation
from alerts.ledger.signals import numbered_by
from alerts.ledger.tables import cases, evidence, incidents, signal_marks


def open_twice(conn: Connection) -> Iterator[Violation]:
    """At most one open incident per (place, condition)."""
    rows = conn.execute(
        select(incidents.c.place, incidents.c.condition, func.count())
        .where(incidents.c.state == "open")
        .group_by(incidents.c.place, incidents.c.condition)
        .having(func.count() > 1)
        .order_by(incidents.c.place)
    )
    for place, condition, number in rows:
        yield Violation("double-open-incident", f"{place} {condition}", f"{number} open incidents")


def without_case(conn: Connection) -> Iterator[Violation]:
    """The case an incident belongs to is there."""
    rows = conn.execute(
        select(incidents.c.id, incidents.c.case_id)
        .where(incidents.c.case_id.is_not(None), ~exists().where(cases.c.id == incidents.c.case_id))
        .order_by(incidents.c.id)
    )
    for key, case in rows:
        yield Violation("incident-without-case", key, f"its case {case} is not there")


def states(conn: Connection) -> Iterator[Violation]:
    """Open has no end, cleared has one."""
    open_, cleared = incidents.c.state == "open", incidents.c.state == "cleared"
    ended = incidents.c.cleared_at.is_not(None)
    rows = conn.execute(
        select(incidents.c.id, incidents.c.state)
        .where(or_(and_(open_, ended), and_(cleared, ~ended)))
        .order_by(incidents.c.id)
    )
    for key, state in rows:
        yield Violation("incident-state", key, f"{state}, and cleared_at says otherwise")


def marks(conn: Connection) -> Iterator[Violation]:
    """Each signal that an open incident took in is marked: or it would count again when it comes again."""
    query = select(signal_marks.c.rule, signal_marks.c.place, signal_marks.c.device)
    marked = {
        (rule, place, device): (epoch, n)
        for rule, place, device, epoch, n in conn.execute(
            query.add_columns(signal_marks.c.epoch, signal_marks.c.n)
        )
    }
    rows = conn.execute(
        select(incidents.c.id, incidents.c.place, incidents.c.condition, incidents.c.sources)
        .where(incidents.c.state == "open")
        .order_by(incidents.c.id)
    )
    for key, place, condition, sources in rows:
        for each in sources:
            if each["kind"] == TOGETHER:  # follows from other incidents, not from a signal
                continue
            rule = numbered_by(each["kind"], each["rule"], condition)
            mark = marked.get((rule, place, each["device"]))
            if mark is None or mark < (each["epoch"], each["n"]):
                what = f"{each['rule']} of {each['device'] or place}"
                yield Violation("signal-mark", key, f"the last signal of {what} is not marked as applied")


def digests(conn: Connection) -> Iterator[Violation]:
    """Evidence that is ready has a file and its hash."""
    rows = conn.execute(
        select(evidence.c.incident_id, evidence.c.name)
        .where(evidence.c.state == "ready", evidence.c.sha256.is_(None) | evidence.c.path.is_(None))
        .order_by(evidence.c.incident_id)
    )
    for incident, name in rows:
        yield Violation("evidence-without-digest", f"{incident}/{name}", "ready without path or sha256")
