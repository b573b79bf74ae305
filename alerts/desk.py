"""Desk: what people do to incidents and cases; each act with its event and its audit row, in one transaction.

Every function works inside the caller's transaction and raises before it has written anything that it would not
keep: NotFound (also for what the reader does not see), NotPermitted, InvalidInput, UnknownAction, VersionStale,
Conflict.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.act import act as act_on
from alerts.case import LIVE, Actor, Case, Request, give_back, take_in
from alerts.directory import Directory
from alerts.ledger import attachments, audit, cases, groups, incidents, journal, watch
from alerts.ledger.engine import Connection
from alerts.master import refuse
from alerts.possible import names, possible, way
from alerts.sight import Sight
from alerts.workflow import Workflow
from ingest.errors import Conflict, InvalidInput

ACK_LASTS = timedelta(hours=4)
"""How long an acknowledgement counts; who still works on it by then says so again."""


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


def mended(
    conn: Connection, sight: Sight, incident: str, *, who: Actor, note: str, now: datetime
) -> dict[str, object]:
    """The keeper of a site says that it is mended. Answers the Incident.

    The first time, whoever would be told that it was not has to wait as long again: a fridge cools slowly.
    """
    before = incidents.get(conn, sight, incident)
    if before["state"] != "open":
        raise Conflict("it is over already")
    if not note.strip():
        raise InvalidInput("say what was done", where="note")
    incidents.set_mended(conn, incident, who=who.name, note=note, now=now)
    if before["mended_at"] is None:
        groups.prolong(conn, incident, now)
    return _incident_changed(conn, before, "incident.mend", {"note": note}, who=who, now=now)


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
    refuse(before, request.action, workflow.actions.get(request.action))
    request = _target(conn, sight, before, workflow, request)
    request = replace(request, attached=attachments.named(conn, before.id, request.attachments))
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


def offered(
    conn: Connection, sight: Sight, case: str, *, who: Actor, acts: bool, directory: Directory
) -> dict[str, object]:
    """What a screen offers beside a case: `may` (what `who` may do now; nothing unless `acts`), `loop` and `names`."""
    found = cases.load(conn, sight, case)
    workflow = directory.closed_loop(found.workflow, found.category)
    above = _above(directory, found)
    return {
        "may": possible(found, workflow, who, above=above) if acts and workflow is not None else [],
        "loop": None if workflow is None else way(workflow),
        "names": names(found, directory),
    }


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
