"""The log: no number missing or twice, nothing about rows that are not there, and it says what the rows say."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table, and_, distinct, exists, func, or_, select
from sqlalchemy.engine import Connection

from alerts.ledger import counters
from alerts.ledger.checks.violation import Violation, What
from alerts.ledger.tables import broadcasts, cases, events, incidents

NAMED: tuple[tuple[Table, str], ...] = (
    (incidents, "incident."),
    (cases, "case."),
    (broadcasts, "broadcast."),
)
"""Rows that are never deleted, and how the types of their events begin."""

FIRST: tuple[tuple[Table, str, What], ...] = (
    (incidents, "incident.raised", "incident-without-event"),
    (cases, "case.opened", "case-without-event"),
)
"""How everything begins, once."""


def numbers(conn: Connection) -> Iterator[Violation]:
    """Seqs rise by one, each once, up to the counter; retention may have cut the beginning off."""
    head = counters.value(conn, counters.EVENTS)
    first, last, rows, different = conn.execute(
        select(
            func.min(events.c.seq), func.max(events.c.seq), func.count(), func.count(distinct(events.c.seq))
        )
    ).one()
    if last is None:
        if head:
            yield Violation("event-counter", str(head), "the counter has moved, but there is no event")
        return
    if last != head:
        yield Violation("event-counter", str(head), f"the newest event is {last}")
    if rows != different:
        twice = select(events.c.seq).group_by(events.c.seq).having(func.count() > 1).order_by(events.c.seq)
        for seq in conn.execute(twice).scalars():
            yield Violation("event-double", str(seq), "this number was given twice")
    if different != last - first + 1:
        before = func.lag(events.c.seq).over(order_by=events.c.seq)
        pairs = select(events.c.seq, before.label("before")).subquery()
        gaps = select(pairs.c.before, pairs.c.seq).where(pairs.c.seq > pairs.c.before + 1)
        for low, high in conn.execute(gaps.order_by(pairs.c.seq)):
            yield Violation("event-gap", str(low + 1), f"{high - low - 1} missing before {high}")


def announced(conn: Connection) -> Iterator[Violation]:
    """Everything that began since the oldest kept event has the event that says so, and only one."""
    begun = conn.execute(select(events.c.at).order_by(events.c.seq).limit(1)).scalar()
    whole = conn.execute(select(func.min(events.c.seq))).scalar() in {None, 1}
    for table, kind, what in FIRST:
        said = exists().where(and_(events.c.subject == table.c.id, events.c.type == kind))
        query = select(table.c.id).where(~said).order_by(table.c.id)
        if not whole:
            # retention cut the beginning of the log off: what began before it cannot be asked
            moment = incidents.c.updated_at if table is incidents else cases.c.opened_at
            query = query.where(moment >= begun)
        for key in conn.execute(query).scalars():
            yield Violation(what, str(key), f"there is no {kind}")


def once(conn: Connection) -> Iterator[Violation]:
    """Nothing begins twice, and nothing is said about it before it began."""
    for table, kind, _ in FIRST:
        rows = conn.execute(
            select(events.c.subject, func.count(), func.min(events.c.seq))
            .where(events.c.type == kind)
            .group_by(events.c.subject)
            .order_by(events.c.subject)
        )
        begins = {row[0]: (int(row[1]), int(row[2])) for row in rows}
        prefix = f"{table.name.removesuffix('s')}."
        earliest = conn.execute(
            select(events.c.subject, func.min(events.c.seq))
            .where(events.c.type.startswith(prefix))
            .group_by(events.c.subject)
            .order_by(events.c.subject)
        )
        for subject, seq in earliest:
            times, first = begins.get(subject, (0, seq))
            if times > 1:
                yield Violation("event-twice", str(subject), f"{times} events {kind}")
            if seq < first:
                yield Violation("event-order", str(seq), f"before {kind}, which is event {first}")


def named(conn: Connection) -> Iterator[Violation]:
    """An event about an incident, a case or a broadcast names one that is there."""
    missing = [
        and_(events.c.type.startswith(prefix), ~exists().where(table.c.id == events.c.subject))
        for table, prefix in NAMED
    ]
    rows = conn.execute(
        select(events.c.seq, events.c.type, events.c.subject).where(or_(*missing)).order_by(events.c.seq)
    )
    for seq, kind, subject in rows:
        yield Violation("event-of-nothing", str(seq), f"{kind} about {subject!r}, which is not there")


def level(conn: Connection) -> Iterator[Violation]:
    """The newest event about an incident or a case says what its row says; a case's versions only rise."""
    newest = (
        select(events.c.subject, func.max(events.c.seq).label("seq"))
        .where(events.c.noun.in_(["incident", "case"]))
        .group_by(events.c.subject)
        .subquery()
    )
    last = (
        select(events.c.subject, events.c.seq, events.c.data).join(newest, events.c.seq == newest.c.seq)
    ).subquery()
    said = last.c.data["version"].as_integer()
    for number, version, seq in conn.execute(
        select(cases.c.number, cases.c.version, last.c.seq)
        .join(last, last.c.subject == cases.c.id)
        .where(said.is_distinct_from(cases.c.version))
        .order_by(cases.c.number)
    ):
        yield Violation("log-behind", number, f"version {version}, but event {seq} says otherwise")
    for key, state, seq in conn.execute(
        select(incidents.c.id, incidents.c.state, last.c.seq)
        .join(last, last.c.subject == incidents.c.id)
        .where(
            or_(
                last.c.data["state"].as_string().is_distinct_from(incidents.c.state),
                last.c.data["stale"].as_boolean().is_distinct_from(incidents.c.stale),
            )
        )
        .order_by(incidents.c.id)
    ):
        yield Violation("log-behind", key, f"is {state}, but event {seq} says otherwise")
    version_said = events.c.data["version"].as_integer()
    one_before = func.lag(version_said).over(partition_by=events.c.subject, order_by=events.c.seq)
    told = (
        select(events.c.seq, version_said.label("version"), one_before.label("before"))
        .where(events.c.type.startswith("case."))
        .subquery()
    )
    for seq, version, before in conn.execute(
        select(told.c.seq, told.c.version, told.c.before)
        .where(told.c.version < told.c.before)
        .order_by(told.c.seq)
    ):
        yield Violation("event-order", str(seq), f"version {version} of its case, after version {before}")
