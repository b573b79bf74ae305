"""Router: signals become incidents, incidents become cases, and both become events; in one transaction.

Every function works inside the caller's transaction: either all of it is committed, or nothing of it happened.
That an incident is open only once is the ledger's index, not a lock; that a signal counts once is its mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from alerts.case import HUB, Actor, Done, Opening, join, open_case, recur, worsen
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.incident import STALE_AFTER, Fold, Incident, age, fold, release
from alerts.ledger import cases, counters, evidence, incidents, journal, watch
from alerts.ledger import signals as marks
from alerts.ledger.engine import Connection
from alerts.ledger.journal import IncidentEvent
from alerts.route import Chosen, Facts
from alerts.sight import Sight, Visibility
from detectors.signal import Signal

Reason = Literal["unknown-place", "unknown-device", "old-epoch", "future"]

AHEAD = timedelta(minutes=5)
"""How far a sender's clock may be ahead; what lies further in the future is refused."""

EVENT: dict[str, IncidentEvent] = {
    "raised": "incident.raised",
    "updated": "incident.updated",
    "cleared": "incident.cleared",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A signal that was not applied, and why; `reason` is the metric label."""

    signal: Signal
    reason: Reason


@dataclass(frozen=True, slots=True)
class Applied:
    """What some signals did.

    Attributes:
        events: Seqs of the events written.
        refused: Signals that were not applied.
        duplicates: How many had been applied before.
        applied: How many changed or renewed something, or were noted for the first time.
    """

    events: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = field(default=())
    duplicates: int = 0
    applied: int = 0


def apply_signals(
    conn: Connection, new: Iterable[Signal], *, directory: Directory, now: datetime, origin: str
) -> Applied:
    """Applies signals in the order given; `origin` is the worker that keeps their evidence, or `serve`."""
    written: list[int] = []
    refused: list[Refused] = []
    duplicates = applied = 0
    for signal in new:
        reason = _refusal(signal, directory, now)
        last = None if reason else marks.last(conn, signal.rule, signal.place, signal.device)
        if last is not None and signal.epoch < last[0]:
            reason = "old-epoch"
        if reason is not None:
            refused.append(Refused(signal, reason))
            continue
        if last is not None and (signal.epoch, signal.n) <= last:
            duplicates += 1
            continue
        marks.mark(
            conn,
            signal.rule,
            signal.place,
            signal.device,
            epoch=signal.epoch,
            n=signal.n,
            at=signal.at,
        )
        written += _apply(conn, signal, directory, now, origin=origin)
        applied += 1
    return Applied(tuple(written), tuple(refused), duplicates, applied)


def mark_stale(conn: Connection, now: datetime, limit: timedelta = STALE_AFTER) -> tuple[int, ...]:
    """Open incidents that nobody renewed for `limit` become stale; answers the seqs of the events."""
    written: list[int] = []
    for stored in incidents.all_open(conn, fresh_only=True):
        written += _keep(conn, age(stored.incident, now, limit), now)
    return tuple(written)


def retire(
    conn: Connection,
    *,
    rules: frozenset[str] = frozenset(),
    devices: frozenset[str] = frozenset(),
    now: datetime,
) -> tuple[int, ...]:
    """Rules and devices that left the registry let go of their incidents; answers the seqs of the events."""
    written: list[int] = []
    for stored in incidents.all_open(conn):
        gone = frozenset(
            each.key for each in stored.incident.sources if each.rule in rules or each.device in devices
        )
        if gone:
            written += _keep(conn, release(stored.incident, gone, now), now)
    return tuple(written)


def _refusal(signal: Signal, directory: Directory, now: datetime) -> Reason | None:
    site = directory.site_of(signal.place)
    if site is None:
        return "unknown-place"
    if signal.device not in directory.devices and signal.device not in {"", site.id}:
        return "unknown-device"
    return "future" if signal.at > now + AHEAD else None


def _apply(
    conn: Connection, signal: Signal, directory: Directory, now: datetime, *, origin: str
) -> list[int]:
    before = incidents.open_at(conn, signal.place, signal.condition)
    done = fold(before.incident if before else None, signal, now=now, new_id=new_id(now))
    if done.incident is None:
        return []
    if before is None:
        written = _raise(conn, done.incident, directory, now)
        _expect(conn, done.incident.id, signal, origin, now)
        return written
    _expect(conn, done.incident.id, signal, origin, now)
    written = _keep(conn, done, now)
    if done.change == "updated" and before.case is not None:
        written += _worsen(conn, before.case, done.incident, now)
    return written


def _keep(conn: Connection, done: Fold, now: datetime) -> list[int]:
    if done.incident is None or done.change == "none":
        return []
    incidents.save(conn, done.incident)
    if done.change not in EVENT:
        return []
    return [journal.incident(conn, done.incident.id, EVENT[done.change], now=now)]


def _worsen(conn: Connection, case: str, incident: Incident, now: datetime) -> list[int]:
    """A case is as bad as the worst of its incidents."""
    done = worsen(cases.load(conn, Sight.everything(), case), incident.id, incident.severity, now=now)
    if done is None:
        return []
    cases.save(conn, done)
    return [
        journal.case(conn, case, "case.changed", action="worsen", who=HUB, place=done.case.place, now=now)
    ]


def _expect(conn: Connection, incident: str, signal: Signal, origin: str, now: datetime) -> None:
    if signal.evidence_ref is not None and signal.state == "active":
        evidence.expect(conn, incident, ref=signal.evidence_ref, worker=origin, now=now)


def _raise(conn: Connection, incident: Incident, directory: Directory, now: datetime) -> list[int]:
    """A new incident, and in the same breath its case: opened, reopened, or the live one of its group."""
    place = directory.visibility(incident.place)
    facts = Facts(
        kind=incident.kind,
        condition=incident.condition,
        place=incident.place,
        severity=incident.severity,
        site=place.site,
        site_kind=place.site_kind,
        area=place.area,
    )
    chosen = directory.choose(facts)
    if chosen is None or not chosen.route.open_case or chosen.route.workflow not in directory.workflows:
        incidents.add(conn, incident, place, None)
        return [journal.incident(conn, incident.id, "incident.raised", now=now)]
    done = _into_known_case(conn, incident, chosen, facts, directory=directory, now=now)
    if done is None:
        return _with_new_case(conn, incident, chosen, facts, directory=directory, place=place, now=now)
    seen, action = done.case.place, done.entry.action
    incidents.add(conn, incident, place.with_units(seen.units), done.case.id)
    cases.save(conn, done)
    return [
        journal.incident(conn, incident.id, "incident.raised", now=now),
        journal.case(conn, done.case.id, "case.changed", action=action, who=HUB, place=seen, now=now),
    ]


def _into_known_case(
    conn: Connection,
    incident: Incident,
    chosen: Chosen,
    facts: Facts,
    *,
    directory: Directory,
    now: datetime,
) -> Done | None:
    """The live case of its group joined, or the one that closed a short while ago reopened; None for neither."""
    key = chosen.group_key(facts)
    live = cases.live_of_group(conn, key)
    if live is not None:
        return join(live, incident.id, incident.severity, now=now)
    last = watch.closed_of_group(conn, key, now - chosen.route.reopen_within)
    if not chosen.route.reopen_within or last is None or last.workflow not in directory.workflows:
        return None
    first = directory.workflows[last.workflow].steps[0]
    return recur(last, incident.id, incident.severity, first, now=now)


def _with_new_case(
    conn: Connection,
    incident: Incident,
    chosen: Chosen,
    facts: Facts,
    *,
    directory: Directory,
    place: Visibility,
    now: datetime,
) -> list[int]:
    seen = place.with_units(chosen.units)
    year = now.astimezone(directory.zone(place.area)).year
    explanation = incident.lead.explanation
    opened = open_case(
        Opening(
            id=new_id(now),
            number=counters.case_number(conn, year),
            kind=incident.kind,
            category=chosen.route.category or incident.condition,
            severity=incident.severity,
            place=seen,
            title=explanation.zh or explanation.en or incident.condition,
            explanation=explanation,
            group_key=chosen.group_key(facts),
            unit=chosen.route.unit,
        ),
        directory.workflows[chosen.route.workflow],
        who=Actor(HUB, HUB),
        now=now,
    )
    cases.add(conn, opened)
    incidents.add(conn, incident, seen, opened.case.id)
    return [
        journal.incident(conn, incident.id, "incident.raised", now=now),
        journal.case(conn, opened.case.id, "case.opened", action="open", who=HUB, place=seen, now=now),
    ]
