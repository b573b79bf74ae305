"""Check: reads a ledger and lists everything that must never be: gaps, doubles, lost events, broken chains.

For `hub audit verify` and for tests after a crash. It only reads, and says nothing when all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Table, and_, exists, func, select
from sqlalchemy.engine import Connection

from alerts.chain import START, broken_at, seal
from alerts.ledger import counters
from alerts.ledger.tables import audit, case_history, cases, events, evidence, incidents, outbox
from ingest.instant import format_instant

What = Literal[
    "event-gap", "event-counter", "double-open-incident", "double-live-case", "case-number-gap",
    "case-number-double", "incident-without-event", "case-without-event", "log-behind", "case-chain",
    "case-version", "audit-chain", "audit-gap", "evidence-without-digest", "outbox-without-event",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be.

    Attributes:
        what: Slug.
        where: Id, number or seq of what it is about.
        detail: One sentence.
    """

    what: What
    where: str
    detail: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}: {self.where}: {self.detail}"


def violations(conn: Connection) -> list[Violation]:
    """Every violation, in a fixed order; empty for a sound ledger."""
    return [each for check in CHECKS for each in check(conn)]


def _event_seqs(conn: Connection) -> Iterator[Violation]:
    head = counters.value(conn, counters.EVENTS)
    first, last, number = conn.execute(
        select(func.min(events.c.seq), func.max(events.c.seq), func.count())
    ).one()
    if last is None:
        if head:
            yield Violation("event-counter", str(head), "the counter has moved, but there is no event")
        return
    if last != head:
        yield Violation("event-counter", str(head), f"the newest event is {last}")
    if number != last - first + 1:
        yield from _gaps(conn.execute(select(events.c.seq).order_by(events.c.seq)).scalars(), "event-gap")


def _gaps(numbers: Iterable[int], what: Literal["event-gap", "audit-gap"]) -> Iterator[Violation]:
    before: int | None = None
    for number in numbers:
        if before is not None and number != before + 1:
            yield Violation(what, str(before + 1), f"{number - before - 1} missing before {number}")
        before = number


def _double_incidents(conn: Connection) -> Iterator[Violation]:
    rows = conn.execute(
        select(incidents.c.place, incidents.c.condition, func.count())
        .where(incidents.c.state == "open")
        .group_by(incidents.c.place, incidents.c.condition)
        .having(func.count() > 1)
        .order_by(incidents.c.place)
    )
    for place, condition, number in rows:
        yield Violation("double-open-incident", f"{place} {condition}", f"{number} open incidents")


def _double_cases(conn: Connection) -> Iterator[Violation]:
    rows = conn.execute(
        select(cases.c.group_key, func.count())
        .where(cases.c.state.in_(["open", "paused"]), cases.c.group_key.is_not(None))
        .group_by(cases.c.group_key)
        .having(func.count() > 1)
        .order_by(cases.c.group_key)
    )
    for key, number in rows:
        yield Violation("double-live-case", str(key), f"{number} live cases")


def _case_numbers(conn: Connection) -> Iterator[Violation]:
    taken = counters.starting(conn, "case:")
    found: dict[str, set[int]] = {}
    for number in conn.execute(select(cases.c.number).order_by(cases.c.number)).scalars():
        year, _, rest = str(number).partition("-")
        if int(rest) in found.setdefault(year, set()):
            yield Violation("case-number-double", str(number), "given twice")
        found[year].add(int(rest))
    for year in sorted({*found, *(name.removeprefix("case:") for name in taken)}):
        given = found.get(year, set())
        last = max(taken.get(f"case:{year}", 0), *given, 0)
        for missing in sorted(set(range(1, last + 1)) - given):
            yield Violation("case-number-gap", f"{year}-{missing:06d}", f"missing below {year}-{last:06d}")
        if given and max(given) > taken.get(f"case:{year}", 0):
            yield Violation(
                "case-number-double", f"{year}-{max(given):06d}", "the counter will give it again"
            )


def _announced(conn: Connection) -> Iterator[Violation]:
    """Everything that began since the oldest kept event has the event that says so."""
    begun = conn.execute(select(events.c.at).order_by(events.c.seq).limit(1)).scalar()
    whole = conn.execute(select(func.min(events.c.seq))).scalar() in {None, 1}
    wanted: tuple[tuple[Table, str, What], ...] = (
        (incidents, "incident.raised", "incident-without-event"),
        (cases, "case.opened", "case-without-event"),
    )
    for table, kind, what in wanted:
        said = exists().where(and_(events.c.subject == table.c.id, events.c.type == kind))
        query = select(table.c.id).where(~said).order_by(table.c.id)
        if not whole:
            # retention cut the beginning of the log off: what began before it cannot be asked
            moment = incidents.c.updated_at if table is incidents else cases.c.opened_at
            query = query.where(moment >= begun)
        for key in conn.execute(query).scalars():
            yield Violation(what, str(key), f"there is no {kind}")


def _log_is_level(conn: Connection) -> Iterator[Violation]:
    """The newest event about an incident or a case says what its row says."""
    newest = (
        select(events.c.subject, func.max(events.c.seq).label("seq"))
        .where(events.c.noun.in_(["incident", "case"]))
        .group_by(events.c.subject)
        .subquery()
    )
    last = select(events.c.subject, events.c.seq, events.c.data).join(newest, events.c.seq == newest.c.seq)
    said = {row.subject: row for row in conn.execute(last)}
    for row in conn.execute(select(cases.c.id, cases.c.number, cases.c.version).order_by(cases.c.id)):
        event = said.get(row.id)
        if event is not None and event.data.get("version") != row.version:
            yield Violation(
                "log-behind", row.number, f"version {row.version}, but event {event.seq} says otherwise"
            )
    for row in conn.execute(
        select(incidents.c.id, incidents.c.state, incidents.c.stale).order_by(incidents.c.id)
    ):
        event = said.get(row.id)
        if event is not None and (event.data.get("state"), event.data.get("stale")) != (row.state, row.stale):
            yield Violation("log-behind", row.id, f"is {row.state}, but event {event.seq} says otherwise")


def _case_chains(conn: Connection) -> Iterator[Violation]:
    histories: dict[str, list[dict[str, object]]] = {}
    rows = conn.execute(select(case_history).order_by(case_history.c.case_id, case_history.c.seq))
    for row in rows:
        histories.setdefault(row.case_id, []).append({**row.entry, "hash": row.hash})
    for row in conn.execute(select(cases.c.id, cases.c.number, cases.c.version).order_by(cases.c.number)):
        entries = histories.get(row.id, [])
        at = broken_at(entries)
        if at is not None:
            yield Violation("case-chain", row.number, f"entry {at + 1} is not what was sealed")
        if [entry.get("seq") for entry in entries] != list(range(1, row.version + 1)):
            yield Violation(
                "case-version", row.number, f"version {row.version} with {len(entries)} history entries"
            )


def _audit_chain(conn: Connection) -> Iterator[Violation]:
    previous, last = START, 0
    for row in conn.execute(select(audit).order_by(audit.c.seq)):
        if row.seq != last + 1:
            yield Violation("audit-gap", str(last + 1), f"{row.seq - last - 1} missing before {row.seq}")
        shown = {
            "seq": row.seq,
            "at": format_instant(row.at),
            "who": row.who,
            "role": row.role,
            "action": row.action,
            "noun": row.noun,
            "subject": row.subject,
            "area": row.area,
        }
        differs = any(row.entry.get(name) != value for name, value in shown.items())
        if differs or seal(row.entry, previous) != row.hash:
            yield Violation("audit-chain", str(row.seq), "the row is not what was sealed")
        previous, last = row.hash, row.seq
    head = counters.value(conn, counters.AUDIT)
    if head != last:
        yield Violation("audit-gap", str(last + 1), f"the counter is at {head}")


def _evidence(conn: Connection) -> Iterator[Violation]:
    rows = conn.execute(
        select(evidence.c.incident_id, evidence.c.name)
        .where(evidence.c.state == "ready", evidence.c.sha256.is_(None) | evidence.c.path.is_(None))
        .order_by(evidence.c.incident_id)
    )
    for incident, name in rows:
        yield Violation("evidence-without-digest", f"{incident}/{name}", "ready without path or sha256")


def _outbox(conn: Connection) -> Iterator[Violation]:
    rows = conn.execute(
        select(outbox.c.hook, outbox.c.seq)
        .where(outbox.c.state == "pending", ~exists().where(events.c.seq == outbox.c.seq))
        .order_by(outbox.c.hook, outbox.c.seq)
    )
    for hook, seq in rows:
        yield Violation("outbox-without-event", f"{seq}.{hook}", "the event is no longer kept")


CHECKS: tuple[Callable[[Connection], Iterator[Violation]], ...] = (
    _event_seqs,
    _double_incidents,
    _double_cases,
    _case_numbers,
    _announced,
    _log_is_level,
    _case_chains,
    _audit_chain,
    _evidence,
    _outbox,
)
