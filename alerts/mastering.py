"""Mastering: what the command platform tells of a case it decides, taken in one transaction with its event and audit.

Nothing that it tells is lost: what is ignored (older, contradicting) is listed among the conflicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.case import HUB, Actor, Case
from alerts.directory import Directory
from alerts.intake import unknown_code
from alerts.ledger import audit, cases, conflicts, journal, mappings, platform_cases
from alerts.ledger.conflicts import Conflict as Listed
from alerts.ledger.conflicts import Kind
from alerts.ledger.engine import Connection
from alerts.master import Told, beside, take
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput
from ingest.instant import format_instant


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a telling: `new` was taken, `same` was known; everything else was ignored and listed."""

    how: str
    case: dict[str, object]

    def as_dict(self) -> dict[str, object]:
        """`{result, case}`."""
        return {"result": self.how, "case": self.case}


def tell(
    conn: Connection, sight: Sight, case: str, told: Told, *, who: Actor, directory: Directory, now: datetime
) -> Taken:
    """Number, state, step and unit of one case as the platform says; raises Conflict for a case of the hub's own."""
    if (told.version is None) == (told.updated_at is None):
        raise InvalidInput(
            "a telling has a version or updated_at", where="version", mend="give one of the two"
        )
    before = cases.load(conn, sight, case)
    if before.mastered_by == HUB:
        raise Conflict(
            f"case {before.number} is decided here, not by the platform",
            where="case",
            mend="compare it by POST /cases/reconcile; a route with mastered_by: platform makes such cases",
        )
    workflow = directory.closed_loop(before.workflow, before.category)
    if workflow is None:
        raise Conflict(f"the workflow {before.workflow!r} of case {before.number} is no longer there")
    owner = platform_cases.case_of(conn, told.external_id)
    if owner not in {None, before.id}:
        return _ignored(conn, before, told, "external-id-taken", detail={"case": owner}, now=now)
    last = platform_cases.last(conn, before.id)
    how = beside(last, told)
    if how == "same":
        return Taken("same", cases.get(conn, sight, before.id, now=now))
    if last is not None and how != "new":
        kind: Kind = "older-version" if how == "older" else "same-version-differs"
        return _ignored(conn, before, told, kind, detail={"last": _shown(last)}, now=now)
    unit = _unit(conn, before, told, directory, now)
    done = take(
        before,
        told,
        workflow,
        unit=unit,
        who=who,
        calendar=directory.calendar(before.place, route=before.calendar, workflow=before.workflow),
        now=now,
    )
    platform_cases.keep(conn, before.id, told)
    cases.save(conn, done)
    place = done.case.place.with_units(before.place.units | done.case.place.units)
    journal.case(conn, before.id, "case.changed", action="platform", who=who.name, place=place, now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action="case.platform",
        noun="case",
        subject=before.id,
        area=before.place.area,
        detail={"number": before.number, "version": done.case.version, "told": _shown(told)},
    )
    return Taken("new", cases.get(conn, Sight.everything(), before.id, now=now))


def _unit(conn: Connection, case: Case, told: Told, directory: Directory, now: datetime) -> str | None:
    """Our unit for theirs; one that nobody mapped is listed, and the case stays with the unit it has."""
    if told.unit is None:
        return None
    ours = mappings.inward(conn, "unit", told.unit)
    if ours is None and told.unit in directory.units:
        ours = told.unit
    if ours is None:
        unknown_code(conn, "unit", told.unit, case=case.id, number=case.number, place=case.place, now=now)
    return ours


def _ignored(
    conn: Connection, case: Case, told: Told, kind: Kind, *, detail: dict[str, object], now: datetime
) -> Taken:
    stamp = told.version if told.version is not None else format_instant(told.updated_at or now)
    conflicts.put(
        conn,
        Listed(
            key=f"told|{kind}|{case.id}|{told.external_id}|{stamp}",
            kind=kind,
            place=case.place,
            case=case.id,
            number=case.number,
            external_id=told.external_id,
            detail={"told": _shown(told), **detail},
        ),
        now,
    )
    return Taken(kind, cases.get(conn, Sight.everything(), case.id, now=now))


def _shown(told: Told) -> dict[str, object]:
    shown = {
        name: getattr(told, name) for name in ("external_id", "number", "state", "step", "unit", "version")
    }
    return {**shown, "updated_at": format_instant(told.updated_at)}
