"""Router: signals become incidents, incidents become cases, and both become events; in one transaction.

Every function works inside the caller's transaction: either all of it is committed, or nothing of it happened.
That an incident is open only once is the ledger's index, not a lock; that a signal counts once is its mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.case import HUB, Actor, Case, Done, Opening, absorb, join, open_case, recur, worsen
from alerts.correlate import TogetherRule, decide, restate
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.incident import STALE_AFTER, Fold, Incident, age, fold, release
from alerts.ledger import cases, counters, evidence, incidents, journal, watch
from alerts.ledger import signals as marks
from alerts.ledger.engine import Connection
from alerts.ledger.incidents import Stored
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


def review(conn: Connection, directory: Directory, now: datetime) -> tuple[int, ...]:
    """Every together rule looked at anew: after time passed or the registry changed. Answers the seqs."""
    written: list[int] = []
    words = {word for rule in directory.together for word in rule.words}
    found = incidents.of_interest(conn, words)
    ids = {rule.id for rule in directory.together}
    for stored in found:
        gone = {each.key for each in stored.incident.sources if each.derived and each.rule not in ids}
        written += _keep(conn, release(stored.incident, frozenset(gone), now), now) if gone else []
    for rule in directory.together:
        meetings = {directory.meeting(rule, each.incident.place) for each in found}
        # where its own incident stands: an area is no place that a rule could look out from
        meetings |= {
            each.incident.place
            for each in found
            if any(source.derived and source.rule == rule.id for source in each.incident.sources)
        }
        for meeting in sorted(each for each in meetings if each is not None):
            written += _meet(conn, rule, meeting, directory, now)
    return tuple(written)


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
    if done.change != "none":
        written += _correlate(conn, done.incident, directory, now)
    return written


def _raise(conn: Connection, incident: Incident, directory: Directory, now: datetime) -> list[int]:
    """A new incident with its case, or as a part of one that absorbs it: then it opens no case of its own."""
    if not _absorbed(conn, incident, directory):
        return [
            *_raise_alone(conn, incident, directory, now),
            *_correlate(conn, incident, directory, now),
        ]
    incidents.add(conn, incident, directory.visibility(incident.place), None)
    written = [journal.incident(conn, incident.id, "incident.raised", now=now)]
    written += _correlate(conn, incident, directory, now)
    stored = incidents.open_at(conn, incident.place, incident.condition)
    if stored is not None and stored.case is None:
        # what absorbed it has no live case: nobody would be told
        written += _raise_alone(conn, incident, directory, now, known=True)
    return written


def _absorbed(conn: Connection, incident: Incident, directory: Directory) -> bool:
    """Whether a together rule would take it as soon as it is there."""
    for rule in directory.together:
        meeting = directory.meeting(rule, incident.place) if incident.condition in rule.words else None
        if meeting is not None:
            found = [each.incident for each in incidents.open_of(conn, rule, meeting)]
            verdict = decide(rule, [*found, incident])
            if verdict is not None and incident.id in verdict.members:
                return True
    return False


def _correlate(conn: Connection, incident: Incident, directory: Directory, now: datetime) -> list[int]:
    """What this incident's change means to the together rules that look at its condition."""
    written: list[int] = []
    for rule in directory.together:
        meeting = directory.meeting(rule, incident.place) if incident.condition in rule.words else None
        if meeting is not None:
            written += _meet(conn, rule, meeting, directory, now)
    return written


def _meet(
    conn: Connection, rule: TogetherRule, meeting: str, directory: Directory, now: datetime
) -> list[int]:
    """One together rule at one place, decided anew; the same again writes nothing."""
    found = incidents.open_of(conn, rule, meeting)
    verdict = decide(rule, [each.incident for each in found])
    before = incidents.open_at(conn, meeting, rule.condition)
    done = restate(
        before.incident if before else None, rule, verdict, place=meeting, now=now, new_id=new_id(now)
    )
    if done.incident is None:
        return []
    if before is None:
        written = _raise_alone(conn, done.incident, directory, now)
    else:
        written = _keep(conn, done, now)
        if done.change == "updated" and before.case is not None:
            written += _worsen(conn, before.case, done.incident, now)
    if verdict is not None:
        fresh = [
            each
            for each in found
            if each.incident.id in verdict.members and each.absorbed_into != done.incident.id
        ]
        written += _absorb(conn, done.incident, fresh, now)
    return written


def _absorb(conn: Connection, into: Incident, fresh: Sequence[Stored], now: datetime) -> list[int]:
    """The members say where they went, and their cases go on in the case of the whole.

    Without a live case of the whole (its route opens none, or people closed it) the members keep their own.
    """
    written: list[int] = []
    whole = incidents.open_at(conn, into.place, into.condition)
    for each in fresh:
        member = each.incident
        incidents.set_absorbed(conn, member.id, into.id)
        target = cases.live(conn, whole.case) if whole is not None and whole.case is not None else None
        if target is not None:
            written += _into_case(conn, each, target, now)
        written.append(journal.incident(conn, member.id, "incident.updated", now=now))
    return written


def _into_case(conn: Connection, member: Stored, target: Case, now: datetime) -> list[int]:
    own = cases.live(conn, member.case) if member.case is not None else None
    if own is not None and own.id == target.id:
        return []
    units = target.place.units | (own.place.units if own is not None else frozenset())
    joined = join(
        replace(target, place=target.place.with_units(units)),
        member.incident.id,
        member.incident.severity,
        now=now,
    )
    cases.save(conn, joined)
    incidents.move_units(conn, target.id, units)
    written = []
    if own is not None:
        cases.save(conn, absorb(own, target, now=now))
        written.append(
            journal.case(conn, own.id, "case.changed", action="merge", who=HUB, place=own.place, now=now)
        )
    elif member.case is None:
        incidents.set_case(conn, member.incident.id, target.id, units)
    place = joined.case.place
    return [
        *written,
        journal.case(conn, target.id, "case.changed", action="join", who=HUB, place=place, now=now),
    ]


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


def _put(
    conn: Connection, incident: Incident, place: Visibility, case: str | None, now: datetime, *, known: bool
) -> int:
    if not known:
        incidents.add(conn, incident, place, case)
        return journal.incident(conn, incident.id, "incident.raised", now=now)
    if case is not None:
        incidents.set_case(conn, incident.id, case, place.units)
    return journal.incident(conn, incident.id, "incident.updated", now=now)


def _raise_alone(
    conn: Connection, incident: Incident, directory: Directory, now: datetime, *, known: bool = False
) -> list[int]:
    """A new incident, and in the same breath its case: opened, reopened, or the live one of its group.

    `known`: the incident is in the ledger already and lacks only its case.
    """
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
        return [] if known else [_put(conn, incident, place, None, now, known=False)]
    done = _into_known_case(conn, incident, chosen, facts, directory=directory, now=now)
    if done is None:
        return _with_new_case(
            conn, incident, chosen, facts, directory=directory, place=place, now=now, known=known
        )
    seen, action = done.case.place, done.entry.action
    raised = _put(conn, incident, place.with_units(seen.units), done.case.id, now, known=known)
    cases.save(conn, done)
    return [
        raised,
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
    calendar = directory.calendar(last.place, route=last.calendar, workflow=last.workflow)
    return recur(last, incident.id, incident.severity, first, now=now, calendar=calendar)


def _with_new_case(
    conn: Connection,
    incident: Incident,
    chosen: Chosen,
    facts: Facts,
    *,
    directory: Directory,
    place: Visibility,
    now: datetime,
    known: bool,
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
            calendar=chosen.route.calendar,
        ),
        directory.workflows[chosen.route.workflow],
        who=Actor(HUB, HUB),
        now=now,
        calendar=directory.calendar(place, route=chosen.route.calendar, workflow=chosen.route.workflow),
    )
    cases.add(conn, opened)
    return [
        _put(conn, incident, seen, opened.case.id, now, known=known),
        journal.case(conn, opened.case.id, "case.opened", action="open", who=HUB, place=seen, now=now),
    ]
