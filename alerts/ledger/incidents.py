"""Incidents: rows of the incidents table, as values for the router and as JSON for screens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.correlate import TogetherRule
from alerts.incident import TOGETHER, Incident
from alerts.ledger import bulk, evidence
from alerts.ledger.among import among
from alerts.ledger.columns import join_ids
from alerts.ledger.incident_rows import (
    OPEN,
    SIGNALLED,
    STORED,
    Stored,
    changed,
    columns,
    renewed,
    stored,
)
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.ledger.tables import incidents
from alerts.sight import Sight, Visibility
from ingest.errors import NotFound
from ingest.instant import format_instant


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of incidents is narrowed to; None or empty asks nothing.

    `areas` are area ids with their descendants already in it; `since` looks at raised_at.
    """

    state: str | None = None
    kind: str | None = None
    condition: str | None = None
    severity: str | None = None
    site: str | None = None
    areas: Collection[str] | None = None
    since: datetime | None = None
    case: str | None = None
    not_mended: bool = False

    def parts(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        equal = {
            "state": self.state,
            "kind": self.kind,
            "condition": self.condition,
            "severity": self.severity,
            "site": self.site,
            "case_id": self.case,
        }
        found = [incidents.c[name] == value for name, value in equal.items() if value is not None]
        if self.areas is not None:
            found.append(incidents.c.area.in_(sorted(self.areas)))
        if self.since is not None:
            found.append(incidents.c.raised_at >= self.since)
        if self.not_mended:
            found.append(incidents.c.not_mended_since.is_not(None))
        return found


# The statements of the hot path, built once.
_OPEN_AT = select(*STORED).where(
    incidents.c.place == bindparam("place"), incidents.c.condition == bindparam("condition"), OPEN
)
# `state` is not asked: SQLite would then go through everything that is open instead of to the places.
_OPEN_IN = select(*STORED).where(
    among(incidents.c.place, "places"),
    incidents.c.condition == bindparam("condition"),
    incidents.c.cleared_at.is_(None),
)
_DUE = (
    select(*STORED)
    .where(incidents.c.due_at <= bindparam("now"))  # for the same reason: only what is open is due
    .order_by(incidents.c.due_at)
    .limit(bindparam("most"))
)
_BY_IDS = select(incidents).where(among(incidents.c.id, "ids"))
_ENDED = select(incidents.c.cleared_at).where(
    incidents.c.place == bindparam("place"),
    incidents.c.condition == bindparam("condition"),
    incidents.c.cleared_at >= bindparam("since"),
)
_OF_CASES = (
    select(incidents.c.case_id, incidents.c.id)
    .where(among(incidents.c.case_id, "cases"))
    .order_by(incidents.c.id)
)
_ADD = insert(incidents).execution_options(rows_by=("id", "case_id"))
_SAVE = (
    update(incidents)
    .where(incidents.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in SIGNALLED})
    .execution_options(rows_by=("key",))
)


def open_at(conn: Connection, place: str, condition: str) -> Stored | None:
    """The open incident of this condition at this place, None when there is none."""
    row = conn.execute(_OPEN_AT, {"place": place, "condition": condition}).one_or_none()
    return None if row is None else stored(row)


def open_in(conn: Connection, spots: Iterable[tuple[str, str]]) -> list[Stored]:
    """The open incidents of these (place, condition)."""
    places: dict[str, list[str]] = {}
    for place, condition in spots:
        places.setdefault(condition, []).append(place)
    found: list[Stored] = []
    for condition, wanted in sorted(places.items()):
        asked = {"condition": condition, "places": wanted}
        found += [stored(row) for row in conn.execute(_OPEN_IN, asked)]
    return found


def all_open(conn: Connection) -> list[Stored]:
    """Every open incident, the oldest first."""
    rows = conn.execute(select(incidents).where(incidents.c.state == "open").order_by(incidents.c.id))
    return [stored(row) for row in rows]


def due(conn: Connection, now: datetime, most: int) -> list[Stored]:
    """The open incidents that time alone may have changed by now, the longest due of them, the oldest first."""
    found = [stored(row) for row in conn.execute(_DUE, {"now": now, "most": most})]
    return sorted(found, key=lambda each: each.incident.id)


def covering(conn: Connection, place: str, condition: str, at: datetime) -> Stored | None:
    """An incident that is over and was open at this moment."""
    row = conn.execute(
        select(incidents)
        .where(
            incidents.c.place == place,
            incidents.c.condition == condition,
            incidents.c.cleared_at >= at,
            incidents.c.raised_at <= at,
        )
        .order_by(incidents.c.cleared_at)
        .limit(1)
    ).one_or_none()
    return None if row is None else stored(row)


def ended_since(conn: Connection, place: str, condition: str, since: datetime) -> list[datetime]:
    """When the incidents of this condition at this place ended, from `since` on."""
    rows = conn.execute(_ENDED, {"place": place, "condition": condition, "since": since})
    return list(rows.scalars())


def open_of(conn: Connection, rule: TogetherRule, meeting: str) -> list[Stored]:
    """The open incidents that a together rule looks at, where they meet; the oldest first."""
    column = {"zone": incidents.c.place, "site": incidents.c.site, "area": incidents.c.area}[rule.place]
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.state == "open",
            column == meeting,
            incidents.c.condition.in_(sorted(rule.words)),
        )
        .order_by(incidents.c.id)
    )
    return [stored(row) for row in rows]


def of_interest(conn: Connection, words: Collection[str]) -> list[Stored]:
    """The open incidents of these conditions, and those that together rules raised; the oldest first."""
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.state == "open",
            or_(incidents.c.kind == TOGETHER, incidents.c.condition.in_(sorted(words))),
        )
        .order_by(incidents.c.id)
    )
    return [stored(row) for row in rows]


def of_case(conn: Connection, case: str) -> list[Stored]:
    """The incidents of a case, the oldest first."""
    rows = conn.execute(select(incidents).where(incidents.c.case_id == case).order_by(incidents.c.id))
    return [stored(row) for row in rows]


def add(conn: Connection, incident: Incident, place: Visibility, case: str | None) -> None:
    """A new row; the index refuses a second open one for the same place and condition."""
    own = {
        "id": incident.id,
        "condition": incident.condition,
        "place": incident.place,
        "acked": False,
        "case_id": case,
    }
    conn.execute(_ADD, {**own, **stands(place), **columns(incident)})


def save(conn: Connection, incident: Incident) -> None:
    """What its signals changed; acknowledgement, verdict and case are left alone."""
    conn.execute(_SAVE, changed(incident.id, columns(incident)))


def renew(conn: Connection, heard: Iterable[Incident]) -> None:
    """What hearing them again changed, of many at once: no column that an index of open incidents is made of."""
    bulk.change(conn, incidents, ("id",), [{"id": each.id, **renewed(each)} for each in heard])


def set_case(conn: Connection, incident: str, case: str, units: frozenset[str]) -> None:
    """Its case, which it had not before."""
    conn.execute(
        update(incidents).where(incidents.c.id == incident).values(case_id=case, units=join_ids(units))
    )


def set_absorbed(conn: Connection, incident: str, into: str) -> None:
    """It is part of another incident, the newest one that took it."""
    conn.execute(update(incidents).where(incidents.c.id == incident).values(absorbed_into=into))


def move_units(conn: Connection, case: str, units: frozenset[str]) -> None:
    """The incidents of a case are visible to the units of the case."""
    conn.execute(update(incidents).where(incidents.c.case_id == case).values(units=join_ids(units)))


def set_ack(conn: Connection, incident: str, *, who: str, note: str, now: datetime, until: datetime) -> None:
    """Somebody has seen it, and that counts up to a moment."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(acked=True, acked_by=who, acked_at=now, ack_note=note, ack_until=until)
    )


def acks_over(conn: Connection, now: datetime) -> list[str]:
    """Open incidents whose acknowledgement has ended, the oldest first."""
    rows = conn.execute(
        select(incidents.c.id)
        .where(incidents.c.state == "open", incidents.c.acked.is_(True), incidents.c.ack_until <= now)
        .order_by(incidents.c.id)
    )
    return list(rows.scalars())


def end_ack(conn: Connection, incident: str) -> None:
    """It counts as not seen again; who saw it last, and until when that counted, stays."""
    conn.execute(update(incidents).where(incidents.c.id == incident).values(acked=False))


def set_mended(conn: Connection, incident: str, *, who: str, note: str, now: datetime) -> None:
    """The keeper of the site says that it is mended; the newest word counts."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(mended_at=now, mended_by=who, mended_note=note)
    )


def set_not_mended(conn: Connection, incident: str, now: datetime) -> None:
    """The keeper of the site had the time, and it is still open."""
    conn.execute(update(incidents).where(incidents.c.id == incident).values(not_mended_since=now))


def set_verdict(
    conn: Connection, incident: str, *, verdict: bool, who: str, reason: str, now: datetime
) -> None:
    """A person said whether it was true."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(verdict=verdict, verdict_by=who, verdict_at=now, verdict_reason=reason)
    )


def get(conn: Connection, sight: Sight, incident: str) -> dict[str, object]:
    """One incident as the contract shapes it; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(incidents).where(incidents.c.id == incident, visible(sight, "incident", incidents))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no incident {incident}")
    return _shown(conn, [row])[0]


def told(conn: Connection, ids: Collection[str]) -> dict[str, tuple[dict[str, object], Visibility]]:
    """Incidents as the contract shapes them, and where each stands, for the log; raises NotFound."""
    rows = conn.execute(_BY_IDS, {"ids": sorted(ids)}).all() if ids else []
    found = {
        row.id: (shown, standing(row.area, row.site_kind, row.site, row.units))
        for row, shown in zip(rows, _shown(conn, rows), strict=True)
    }
    missing = sorted(set(ids) - found.keys())
    if missing:
        raise NotFound(f"no incident {missing[0]}")
    return found


def page(
    conn: Connection,
    sight: Sight,
    *,
    wanted: Wanted | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Incidents, the newest first."""
    query = (
        select(incidents)
        .where(visible(sight, "incident", incidents), *(wanted.parts() if wanted else ()))
        .order_by(incidents.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        query = query.where(incidents.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page(_shown(conn, rows[:limit]), encode(rows[limit - 1].id) if more else None)


def ids_of_cases(conn: Connection, cases: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the incidents of each case, the oldest first."""
    found: dict[str, list[str]] = {case: [] for case in cases}
    rows = conn.execute(_OF_CASES, {"cases": list(cases)})
    for row in rows:
        found[row.case_id].append(row.id)
    return found


def open_by_severity(conn: Connection) -> dict[str, int]:
    """How many are open, by severity."""
    rows = conn.execute(
        select(incidents.c.severity, func.count())
        .where(incidents.c.state == "open")
        .group_by(incidents.c.severity)
    )
    return {severity: number for severity, number in rows}  # noqa: C416 - a Row is no tuple to dict()'s types


def _shown(conn: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[dict[str, object]]:
    shown = evidence.shown(conn, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "condition": row.condition,
            "place": row.place,
            "severity": row.severity,
            "site": row.site,
            "area": row.area,
            "devices": _ever(row.sources, "device"),
            "rules": _ever(row.sources, "rule"),
            "state": row.state,
            "stale": row.stale,
            "flapping": row.flapping,
            "acked": row.acked,
            "acked_by": row.acked_by,
            "acked_at": format_instant(row.acked_at),
            "ack_note": row.ack_note,
            "ack_until": format_instant(row.ack_until),
            "verdict": row.verdict,
            "verdict_by": row.verdict_by,
            "verdict_at": format_instant(row.verdict_at),
            "verdict_reason": row.verdict_reason,
            "raised_at": format_instant(row.raised_at),
            "updated_at": format_instant(row.updated_at),
            "cleared_at": format_instant(row.cleared_at),
            "value": row.value,
            "limit": row.limit,
            "count": row.count,
            "certainty": row.certainty,
            "evidence": shown[row.id],
            "members": row.members,
            "absorbed_into": row.absorbed_into,
            "silenced_by": row.silenced_by or [],
            "inhibited_by": row.inhibited_by or [],
            "not_mended_since": format_instant(row.not_mended_since),
            "mended_at": format_instant(row.mended_at),
            "mended_by": row.mended_by,
            "mended_note": row.mended_note,
            "case": row.case_id,
            "explanation": row.explanation,
        }
        for row in rows
    ]


def _ever(sources: list[dict[str, object]], name: str) -> list[str]:
    return sorted({cast("str", each[name]) for each in sources if each["first_at"] is not None})
