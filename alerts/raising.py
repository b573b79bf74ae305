"""Raising: an incident enters the ledger together with its case, and what it becomes is kept and announced.

Every function works inside the caller's transaction and answers the seqs of the events it wrote.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts import flap
from alerts.case import HUB, LIVE, Actor, Done, Opening, join, open_case, recur, worsen
from alerts.category import Assigned
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.incident import Fold, Incident
from alerts.ledger import cases, counters, incidents, journal, watch
from alerts.ledger.engine import Connection
from alerts.ledger.journal import IncidentEvent
from alerts.master import cleared
from alerts.route import Chosen, Facts
from alerts.sight import Sight, Visibility

EVENT: dict[str, IncidentEvent] = {
    "raised": "incident.raised",
    "updated": "incident.updated",
    "cleared": "incident.cleared",
}


def damped(conn: Connection, incident: Incident) -> Incident:
    """A new incident, which says that it flaps when it came back too often."""
    at = incident.raised_at
    over = incidents.ended_since(conn, incident.place, incident.condition, at - flap.WITHIN)
    return replace(incident, flapping=True) if flap.flaps(over, at) else incident


def keep(conn: Connection, done: Fold, now: datetime) -> list[int]:
    """Writes what became of an incident that is in the ledger; an event if a reader would notice."""
    if done.incident is None or done.change == "none":
        return []
    incidents.save(conn, done.incident)
    if done.change not in EVENT:
        return []
    written = [journal.incident(conn, done.incident.id, EVENT[done.change], now=now)]
    return [*written, *_told_over(conn, done.incident.id, now)] if done.change == "cleared" else written


def _told_over(conn: Connection, incident: str, now: datetime) -> list[int]:
    """A case that the command platform decides says that the condition is over; it does not close by that."""
    case = cases.mastered_elsewhere(conn, incident)
    if case is None:
        return []
    done = cleared(case, incident, now=now)
    cases.save(conn, done)
    action, place = done.entry.action, case.place
    return [journal.case(conn, case.id, "case.changed", action=action, who=HUB, place=place, now=now)]


def worsen_case(conn: Connection, case: str, incident: Incident, now: datetime) -> list[int]:
    """A case is as bad as the worst of its incidents."""
    done = worsen(cases.load(conn, Sight.everything(), case), incident.id, incident.severity, now=now)
    if done is None:
        return []
    cases.save(conn, done)
    return [
        journal.case(conn, case, "case.changed", action="worsen", who=HUB, place=done.case.place, now=now)
    ]


def raise_alone(
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
    assigned = directory.assign(chosen, chosen.route.category or facts.condition) if chosen else None
    if chosen is None or not chosen.route.open_case or assigned is None:
        return [] if known else [_put(conn, incident, place, None, now, known=False)]
    done = _into_known_case(conn, incident, chosen, facts, directory=directory, now=now)
    if done is None:
        return _with_new_case(
            conn, incident, chosen, facts, assigned, directory=directory, place=place, now=now, known=known
        )
    seen, action = done.case.place, done.entry.action
    raised = _put(conn, incident, place.with_units(seen.units), done.case.id, now, known=known)
    cases.save(conn, done)
    return [
        raised,
        journal.case(conn, done.case.id, "case.changed", action=action, who=HUB, place=seen, now=now),
    ]


def _put(
    conn: Connection, incident: Incident, place: Visibility, case: str | None, now: datetime, *, known: bool
) -> int:
    if not known:
        incidents.add(conn, incident, place, case)
        return journal.incident(conn, incident.id, "incident.raised", now=now)
    if case is not None:
        incidents.set_case(conn, incident.id, case, place.units)
    return journal.incident(conn, incident.id, "incident.updated", now=now)


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
    last = cases.of_group(conn, key)
    if last is None:
        return None
    if last.state in LIVE:
        return join(last, incident.id, incident.severity, now=now)
    within = chosen.route.reopen_within
    workflow = directory.closed_loop(last.workflow, last.category)
    if not within or workflow is None or not watch.may_return(conn, last, key, now - within):
        return None
    if last.mastered_by != HUB:  # its state is decided elsewhere: the platform gets a case of its own
        return None
    first = workflow.steps[0]
    calendar = directory.calendar(last.place, route=last.calendar, workflow=last.workflow)
    return recur(last, incident.id, incident.severity, first, now=now, calendar=calendar)


def _with_new_case(
    conn: Connection,
    incident: Incident,
    chosen: Chosen,
    facts: Facts,
    assigned: Assigned,
    *,
    directory: Directory,
    place: Visibility,
    now: datetime,
    known: bool,
) -> list[int]:
    seen = place.with_units(assigned.units)
    year = now.astimezone(directory.zone(place.area)).year
    explanation = incident.lead.explanation
    opened = open_case(
        Opening(
            id=new_id(now),
            number=counters.case_number(conn, year),
            kind=incident.kind,
            category=assigned.category,
            severity=incident.severity,
            place=seen,
            title=explanation.zh or explanation.en or incident.condition,
            explanation=explanation,
            group_key=chosen.group_key(facts),
            unit=assigned.unit,
            calendar=chosen.route.calendar,
            mastered_by=chosen.route.mastered_by,
        ),
        assigned.workflow,
        who=Actor(HUB, HUB),
        now=now,
        calendar=directory.calendar(place, route=chosen.route.calendar, workflow=assigned.workflow.id),
    )
    cases.add(conn, opened)
    return [
        _put(conn, incident, seen, opened.case.id, now, known=known),
        journal.case(conn, opened.case.id, "case.opened", action="open", who=HUB, place=seen, now=now),
    ]
