"""Meeting: together rules against the ledger: what is open at one place is decided anew, and absorbed.

Every function works inside the caller's transaction and answers the seqs of the events it wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.case import HUB, Case, absorb, join
from alerts.correlate import TogetherRule, decide, restate
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.incident import Incident, release
from alerts.ledger import cases, incidents, journal
from alerts.ledger.engine import Connection
from alerts.ledger.incident_rows import Stored
from alerts.raising import damped, keep, raise_alone, worsen_case


def raise_incident(conn: Connection, incident: Incident, directory: Directory, now: datetime) -> list[int]:
    """A new incident with its case, or as a part of one that absorbs it: then it opens no case of its own."""
    if not _absorbed(conn, incident, directory):
        return [
            *raise_alone(conn, incident, directory, now),
            *correlate(conn, incident, directory, now),
        ]
    incidents.add(conn, incident, directory.visibility(incident.place), None)
    written = [journal.incident(conn, incident.id, "incident.raised", now=now)]
    written += correlate(conn, incident, directory, now)
    stored = incidents.open_at(conn, incident.place, incident.condition)
    if stored is not None and stored.case is None:
        # what absorbed it has no live case: nobody would be told
        written += raise_alone(conn, incident, directory, now, known=True)
    return written


def correlate(
    conn: Connection,
    incident: Incident,
    directory: Directory,
    now: datetime,
    *,
    met: set[tuple[str, str]] | None = None,
) -> list[int]:
    """What this incident's change means to the together rules that look at its condition.

    `met`: (rule, meeting) that were decided already and are left out; those decided here are added.
    """
    written: list[int] = []
    done = set() if met is None else met
    for rule in directory.together:
        meeting = directory.meeting(rule, incident.place) if incident.condition in rule.words else None
        if meeting is not None and (rule.id, meeting) not in done:
            done.add((rule.id, meeting))
            written += _meet(conn, rule, meeting, directory, now)
    return written


def review(conn: Connection, directory: Directory, now: datetime) -> tuple[int, ...]:
    """Every together rule looked at anew: after time passed or the registry changed. Answers the seqs."""
    written: list[int] = []
    words = {word for rule in directory.together for word in rule.words}
    found = incidents.of_interest(conn, words)
    ids = {rule.id for rule in directory.together}
    for stored in found:
        gone = {each.key for each in stored.incident.sources if each.derived and each.rule not in ids}
        written += keep(conn, release(stored.incident, frozenset(gone), now), now) if gone else []
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
        written = raise_alone(conn, damped(conn, done.incident), directory, now)
    else:
        written = keep(conn, done, now)
        if done.change == "updated" and before.case is not None:
            written += worsen_case(conn, before.case, done.incident, now)
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
    if own is not None and own.mastered_by == HUB:
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
