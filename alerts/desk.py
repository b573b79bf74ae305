"""Desk: what people do to incidents and cases; each act with its event and its audit row, in one transaction.

Every function works inside the caller's transaction and raises before it has written anything that it would not
keep: NotFound (also for what the reader does not see), NotPermitted, InvalidInput, UnknownAction, VersionStale,
Conflict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.act import act as act_on
from alerts.case import LIVE, Actor, Case, Opening, Request, give_back, open_case, take_in
from alerts.category import named
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import audit, cases, counters, incidents, journal, watch
from alerts.ledger.engine import Connection
from alerts.route import Facts
from alerts.sight import Sight, Visibility
from alerts.workflow import Workflow
from detectors.signal import Severity
from ingest.errors import Conflict, InvalidInput, NotFound
from ingest.text import Text

Source = Literal["hotline", "grid", "public", "operator", "platform"]

TITLE_CHARS = 200

ACK_LASTS = timedelta(hours=4)
"""How long an acknowledgement counts; who still works on it by then says so again."""


@dataclass(frozen=True, slots=True)
class Report:
    """A case that people open: by telephone, from the grid, by the public, from another platform.

    One of `site`, `area`, or `lat` with `lon` says where; `external_id` is its number at the source. `category` is
    a row of the catalogue, which then says unit, workflow, limits, and the severity when the report does not.
    """

    kind: str
    title: str
    source: Source
    description: str = ""
    external_id: str | None = None
    site: str | None = None
    area: str | None = None
    lat: float | None = None
    lon: float | None = None
    severity: Severity | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The case of a report, and whether it is new."""

    case: dict[str, object]
    new: bool


def acknowledge(
    conn: Connection, sight: Sight, incident: str, *, who: Actor, note: str, now: datetime
) -> dict[str, object]:
    """Somebody has seen it, for ACK_LASTS; a second acknowledgement replaces the first. Answers the Incident."""
    before = incidents.get(conn, sight, incident)
    incidents.set_ack(conn, incident, who=who.name, note=note, now=now, until=now + ACK_LASTS)
    return _incident_changed(conn, before, "incident.ack", {"note": note}, who=who, now=now)


def expire_acknowledgements(conn: Connection, now: datetime) -> tuple[int, ...]:
    """What is still open when its acknowledgement ends counts as not seen again; answers the seqs."""
    written: list[int] = []
    for incident in incidents.acks_over(conn, now):
        incidents.end_ack(conn, incident)
        written.append(journal.incident(conn, incident, "incident.updated", now=now))
    return tuple(written)


def judge(
    conn: Connection,
    sight: Sight,
    incident: str,
    *,
    verdict: bool,
    who: Actor,
    reason: str,
    now: datetime,
) -> dict[str, object]:
    """A person's verdict; the newest counts. It closes no case: that is `false-alarm`. Answers the Incident."""
    before = incidents.get(conn, sight, incident)
    if not verdict and not reason.strip():
        raise InvalidInput("a false verdict needs a reason", where="reason")
    incidents.set_verdict(conn, incident, verdict=verdict, who=who.name, reason=reason, now=now)
    detail = {"verdict": verdict, "reason": reason}
    return _incident_changed(conn, before, "incident.judge", detail, who=who, now=now)


def act(
    conn: Connection,
    sight: Sight,
    case: str,
    request: Request,
    *,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> dict[str, object]:
    """One action of the workflow's table, on a case by id or number. Answers the Case with its history."""
    before = cases.load(conn, sight, case)
    workflow = directory.closed_loop(before.workflow, before.category)
    if workflow is None:
        raise Conflict(
            f"case {before.number} follows the workflow {before.workflow!r}, which is no longer there",
            mend="put it back into the registry",
        )
    request = _target(conn, sight, before, workflow, request)
    done = act_on(
        before,
        workflow,
        who,
        request,
        now=now,
        known_unit=directory.units.__contains__,
        above=_above(directory, before),
        calendar=directory.calendar(before.place, route=before.calendar, workflow=before.workflow),
        watched=lambda: watch.watched(conn, before.id),
    )
    _alone_in_group(conn, before, done.case)
    cases.save(conn, done)
    if done.case.place.units != before.place.units:
        incidents.move_units(conn, before.id, done.case.place.units)
    # a unit that lost the case still learns that it did
    place = done.case.place.with_units(before.place.units | done.case.place.units)
    journal.case(conn, before.id, "case.changed", action=request.action, who=who.name, place=place, now=now)
    _other_side(conn, before, done.case, who=who, now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action=f"case.{request.action}",
        noun="case",
        subject=before.id,
        area=before.place.area,
        detail={"number": before.number, "version": done.case.version, "to": request.to},
    )
    return cases.get(conn, Sight.everything(), before.id, now=now)


def report(
    conn: Connection, sight: Sight, new: Report, *, who: Actor, directory: Directory, now: datetime
) -> Opened:
    """Opens a case for a report, once per (source, external id). Answers the Case with its history."""
    if new.external_id is not None:
        known = cases.by_external(conn, new.source, new.external_id)
        if known is not None:
            return Opened(cases.get(conn, sight, known.id, now=now), new=False)
    if not new.title.strip() or len(new.title) > TITLE_CHARS:
        raise InvalidInput(f"a case needs a title of up to {TITLE_CHARS} characters", where="title")
    place = locate(new, directory)
    if not sight.sees("case", place):
        raise NotFound(f"no {'site' if new.site else 'area'} {new.site or new.area or 'there'}")
    row = None if new.category is None else named(directory.categories, new.category)
    severity = new.severity or (row.severity if row else None) or "minor"
    facts = Facts(
        kind=new.kind,
        condition=new.kind,
        place=new.site or new.area or "",
        severity=severity,
        site=place.site,
        site_kind=place.site_kind,
        area=place.area,
    )
    chosen = directory.choose(facts)
    category = new.category or (chosen.route.category if chosen else None) or new.kind
    assigned = directory.assign(chosen, category) if chosen else None
    if chosen is None or assigned is None:
        raise Conflict("no route says who handles this", mend="add a route without `match` to the registry")
    # the units of the route are proposed, not yet called: a report is accepted by a person first
    year = now.astimezone(directory.zone(place.area)).year
    opened = open_case(
        Opening(
            id=new_id(now),
            number=counters.case_number(conn, year),
            kind=new.kind,
            category=category,
            severity=severity,
            place=place.with_units(assigned.units),
            title=new.title,
            explanation=Text(new.title, new.title),
            description=new.description,
            source=new.source,
            external_id=new.external_id,
            unit=assigned.unit,
            lat=new.lat,
            lon=new.lon,
            calendar=chosen.route.calendar,
        ),
        assigned.workflow,
        who=who,
        now=now,
        calendar=directory.calendar(place, route=chosen.route.calendar, workflow=assigned.workflow.id),
    )
    cases.add(conn, opened)
    key = opened.case.id
    journal.case(conn, key, "case.opened", action="open", who=who.name, place=opened.case.place, now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action="case.open",
        noun="case",
        subject=key,
        area=place.area,
        detail={"number": opened.case.number, "source": new.source, "external_id": new.external_id},
    )
    return Opened(cases.get(conn, Sight.everything(), key, now=now), new=True)


def locate(new: Report, directory: Directory) -> Visibility:
    """Where a report stands: its site, its area, or the area of the nearest site to its point."""
    if new.site is not None:
        if new.site not in directory.sites:
            raise NotFound(f"no site {new.site}")
        return directory.visibility(new.site)
    if new.area is not None:
        if new.area not in directory.areas:
            raise NotFound(f"no area {new.area}")
        return Visibility(area=new.area)
    if new.lat is None or new.lon is None:
        raise InvalidInput("a case needs a place", where="site", mend="give site, area, or lat and lon")
    lat, lon = new.lat, new.lon
    near = [
        ((site.lat - lat) ** 2 + (site.lon - lon) ** 2, site.area)
        for site in directory.sites.values()
        if site.lat is not None and site.lon is not None
    ]
    if near:
        return Visibility(area=min(near)[1])
    tops = [area.id for area in directory.areas.values() if area.parent is None]
    if len(tops) != 1:
        raise InvalidInput("no site is near enough to tell the area", where="area", mend="give the area")
    return Visibility(area=tops[0])


def _incident_changed(
    conn: Connection,
    before: dict[str, object],
    action: str,
    detail: dict[str, object],
    *,
    who: Actor,
    now: datetime,
) -> dict[str, object]:
    key, area = str(before["id"]), before["area"]
    journal.incident(conn, key, "incident.updated", now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action=action,
        noun="incident",
        subject=key,
        area=area if isinstance(area, str) else None,
        detail=detail,
    )
    return incidents.get(conn, Sight.everything(), key)


def _target(conn: Connection, sight: Sight, case: Case, workflow: Workflow, request: Request) -> Request:
    """For a merge: `to` as the id of a live case that this reader sees."""
    beside = workflow.actions.get(request.action)
    if beside is None or beside.effect != "merge" or not request.to:
        return request
    into = cases.load(conn, sight, request.to)
    if into.id == case.id or into.state not in LIVE:
        raise Conflict(
            f"case {case.number} cannot be merged into {into.number}, which is {into.state}", where="to"
        )
    return replace(request, to=into.id)


def _other_side(conn: Connection, before: Case, after: Case, *, who: Actor, now: datetime) -> None:
    """A merge and its undoing stand in the history of the case it is merged into, too."""
    if before.merged_into == after.merged_into:
        return
    joining = after.merged_into is not None
    into = cases.load(conn, Sight.everything(), str(after.merged_into or before.merged_into))
    done = (take_in if joining else give_back)(into, after.number, who, now=now)
    cases.save(conn, done)
    action, place = done.entry.action, into.place
    journal.case(conn, into.id, "case.changed", action=action, who=who.name, place=place, now=now)


def _above(directory: Directory, case: Case) -> str | None:
    """The area one level up from where the case was raised to so far."""
    at = case.escalated_to or case.place.area
    path = directory.path(at) if at else ()
    return path[-2] if len(path) > 1 else None


def _alone_in_group(conn: Connection, before: Case, after: Case) -> None:
    """A case that comes back to life must not meet another live one of its group."""
    if after.group_key is None or after.state not in LIVE or before.state in LIVE:
        return
    live = cases.live_of_group(conn, after.group_key)
    if live is not None and before.state == "merged" and live.group_key != after.group_key:
        return  # the one it leaves, which is about something else as well
    if live is not None and live.id != after.id:
        raise Conflict(
            f"case {live.number} is already about the same",
            where="action",
            mend=f"act on {live.number}, or merge it first",
        )
