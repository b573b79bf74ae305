"""Cases: rows of cases and their histories, as values for the desk and as JSON for screens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.case import Case, Done, Entry, ReportIn
from alerts.chain import START
from alerts.clock import Clock
from alerts.ledger import figures, incidents, mappings, pending, platform_cases, public_reports
from alerts.ledger.among import among
from alerts.ledger.columns import from_ms, to_ms
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.ledger.tables import case_history, cases
from alerts.ledger.tables import incidents as incident_rows
from alerts.limit import parse_limit
from alerts.sight import Sight
from alerts.workflow import Status
from ingest.errors import NotFound
from ingest.instant import format_instant
from ingest.text import Text

LIVE = ("open", "paused")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of cases is narrowed to; None asks nothing. `areas` holds the descendants, too."""

    state: str | None = None
    kind: str | None = None
    category: str | None = None
    severity: str | None = None
    site: str | None = None
    areas: Collection[str] | None = None
    unit: str | None = None
    step: str | None = None
    source: str | None = None
    since: datetime | None = None

    def parts(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        equal = {
            "state": self.state,
            "kind": self.kind,
            "category": self.category,
            "severity": self.severity,
            "site": self.site,
            "unit": self.unit,
            "step": self.step,
            "source": self.source,
        }
        found = [cases.c[name] == value for name, value in equal.items() if value is not None]
        if self.areas is not None:
            found.append(cases.c.area.in_(sorted(self.areas)))
        if self.since is not None:
            found.append(cases.c.opened_at >= self.since)
        return found


# Built once: making a statement anew costs more than running it, and these run for every incident raised.
_ADD = insert(cases).execution_options(rows_by=("id",))
_SAVE = (
    update(cases)
    .where(cases.c.id == bindparam("key"))
    .values({column.name: bindparam(column.name) for column in cases.c if column.name != "id"})
    .execution_options(rows_by=("key",))
)
_BY_IDS = select(cases).where(among(cases.c.id, "ids"))
_ADD_ENTRY = insert(case_history)
_BY_ID = select(cases).where(cases.c.id == bindparam("key"))
_MASTERED_ELSEWHERE = (
    select(cases)
    .join(incident_rows, incident_rows.c.case_id == cases.c.id)
    .where(
        incident_rows.c.id == bindparam("incident"),
        cases.c.mastered_by == platform_cases.PLATFORM,
        cases.c.state.in_(LIVE),
    )
)
_OF_GROUP = (
    select(cases)
    .where(cases.c.group_key == bindparam("group"))
    .order_by(cases.c.state.not_in(LIVE), cases.c.id.desc())
    .limit(1)
)
_LAST_HASH = (
    select(case_history.c.hash)
    .where(case_history.c.case_id == bindparam("key"))
    .order_by(case_history.c.seq.desc())
    .limit(1)
)


def add(conn: Connection, done: Done) -> None:
    """A new case with its first entry.

    The indexes refuse a second live case of the group, and a second case of the same source and external id.
    """
    conn.execute(_ADD, _columns(done.case))
    _add_entry(conn, done.case.id, done.entry)
    figures.opened(conn, done)


def save(conn: Connection, done: Done) -> None:
    """The case after one more entry."""
    conn.execute(_SAVE, {**_columns(done.case), "key": done.case.id})
    _add_entry(conn, done.case.id, done.entry)
    figures.went_on(conn, done)


def load(conn: Connection, sight: Sight, case: str) -> Case:
    """One case as a value, by id or number; raises NotFound, also when it is not visible."""
    row = conn.execute(select(cases).where(_named(case), visible(sight, "case", cases))).one_or_none()
    if row is None:
        raise NotFound(f"no case {case}")
    return _case(conn, row)


def live_of_group(conn: Connection, group_key: str) -> Case | None:
    """The live case of a group, or the live case that the group's newest one was merged into."""
    found = of_group(conn, group_key)
    return found if found is not None and found.state in LIVE else None


def of_group(conn: Connection, group_key: str) -> Case | None:
    """The live case of a group; else what its newest one is, or is part of, now; None when it never had one."""
    row = conn.execute(_OF_GROUP, {"group": group_key}).one_or_none()
    if row is None or row.state != "merged":
        return None if row is None else _case(conn, row)
    return surviving(conn, row.id)


def surviving(conn: Connection, case: str) -> Case | None:
    """This case or, when it was merged, the one it became part of in the end; None when there is none."""
    row = conn.execute(_BY_ID, {"key": case}).one_or_none()
    seen: set[str] = set()
    while row is not None and row.state == "merged" and row.id not in seen:
        seen.add(row.id)
        row = conn.execute(_BY_ID, {"key": row.merged_into}).one_or_none()
    return None if row is None or row.state == "merged" else _case(conn, row)


def live(conn: Connection, case: str) -> Case | None:
    """A case, or the one that it was merged into; None when that is over."""
    found = surviving(conn, case)
    return found if found is not None and found.state in LIVE else None


def by_external(conn: Connection, source: str, external_id: str) -> Case | None:
    """The case that came from there under that number, None when none did."""
    row = conn.execute(
        select(cases).where(cases.c.source == source, cases.c.external_id == external_id)
    ).one_or_none()
    return None if row is None else _case(conn, row)


def mastered_elsewhere(conn: Connection, incident: str) -> Case | None:
    """The live case of an incident, if the command platform decides it."""
    row = conn.execute(_MASTERED_ELSEWHERE, {"incident": incident}).one_or_none()
    return None if row is None else _case(conn, row)


def red(conn: Connection, now: datetime, limit: int) -> list[Case]:
    """Cases whose due step is over its limit and that nobody was told of yet, the longest overdue first."""
    rows = conn.execute(
        select(cases).where(cases.c.red_from < now).order_by(cases.c.red_from, cases.c.id).limit(limit)
    ).all()
    return [_case(conn, row) for row in rows]


def get(conn: Connection, sight: Sight, case: str, *, now: datetime) -> dict[str, object]:
    """One case with its history, by id or number; raises NotFound, also when it is not visible."""
    row = conn.execute(select(cases).where(_named(case), visible(sight, "case", cases))).one_or_none()
    if row is None:
        raise NotFound(f"no case {case}")
    return {**_shown(conn, [row], now)[0], "history": history(conn, row.id)}


def shown(conn: Connection, ids: Collection[str], *, now: datetime) -> dict[str, dict[str, object]]:
    """Cases without their histories, for events; raises NotFound."""
    rows = conn.execute(_BY_IDS, {"ids": sorted(ids)}).all() if ids else []
    found = {row.id: each for row, each in zip(rows, _shown(conn, rows, now), strict=True)}
    missing = sorted(set(ids) - found.keys())
    if missing:
        raise NotFound(f"no case {missing[0]}")
    return found


def history(conn: Connection, case: str) -> list[dict[str, object]]:
    """Every entry of a case, in order, with its hash."""
    rows = conn.execute(
        select(case_history.c.entry, case_history.c.hash)
        .where(case_history.c.case_id == case)
        .order_by(case_history.c.seq)
    )
    return [{**row.entry, "hash": row.hash} for row in rows]


def page(
    conn: Connection,
    sight: Sight,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Cases without their histories, the newest first."""
    query = (
        select(cases)
        .where(visible(sight, "case", cases), *(wanted.parts() if wanted else ()))
        .order_by(cases.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        query = query.where(cases.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page(_shown(conn, rows[:limit], now), encode(rows[limit - 1].id) if more else None)


def _named(case: str) -> ColumnElement[bool]:
    return or_(cases.c.id == case, cases.c.number == case)


def _add_entry(conn: Connection, case: str, entry: Entry) -> None:
    body = entry.as_dict()
    seal = body.pop("hash")
    row = {"case_id": case, "seq": entry.seq, "at": entry.at, "entry": body, "hash": seal}
    pending.run(conn, _ADD_ENTRY, row)


def _columns(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "number": case.number,
        "workflow": case.workflow,
        "step": case.step,
        "state": case.state,
        "kind": case.kind,
        "category": case.category,
        "severity": case.severity,
        "unit": case.unit,
        "mastered_by": case.mastered_by,
        "source": case.source,
        "external_id": case.external_id,
        "group_key": case.group_key,
        "title": case.title,
        "description": case.description,
        "explanation": case.explanation.as_dict(),
        "lat": case.lat,
        "lon": case.lon,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "closed_at": case.closed_at,
        "clocks": [_clock_row(each) for each in case.clocks],
        "handlers": sorted(case.handlers),
        "extension_asked": case.extension_asked,
        "escalated_to": case.escalated_to,
        "merged_into": case.merged_into,
        "reports": [{"unit": each.unit, "at": to_ms(each.at), "who": each.who} for each in case.reports],
        "version": case.version,
        "calendar": case.calendar,
        "red_from": case.clocks[-1].red_from() if case.state == "open" and case.clocks else None,
        **stands(case.place),
    }


def _case(conn: Connection, row: Row[tuple[object, ...]]) -> Case:
    last = conn.execute(_LAST_HASH, {"key": row.id}).scalar()
    return Case(
        id=row.id,
        number=row.number,
        workflow=row.workflow,
        step=row.step,
        state=row.state,
        kind=row.kind,
        category=row.category,
        severity=row.severity,
        place=standing(row.area, row.site_kind, row.site, row.units),
        unit=row.unit,
        mastered_by=row.mastered_by,
        source=row.source,
        external_id=row.external_id,
        group_key=row.group_key,
        title=row.title,
        description=row.description,
        explanation=Text(**(row.explanation or {"zh": row.title, "en": row.title})),
        lat=row.lat,
        lon=row.lon,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        closed_at=row.closed_at,
        clocks=_clocks(row.clocks),
        handlers=frozenset(row.handlers),
        extension_asked=row.extension_asked,
        escalated_to=row.escalated_to,
        merged_into=row.merged_into,
        version=row.version,
        last_hash=str(last or START),
        calendar=row.calendar,
        reports=tuple(ReportIn(each["unit"], from_ms(each["at"]), each["who"]) for each in row.reports or ()),
        before_merge=_before_merge(conn, row.id) if row.state == "merged" else "open",
    )


def _before_merge(conn: Connection, case: str) -> Status:
    """The state that the sealed entry of the latest merge came from."""
    entries = conn.execute(
        select(case_history.c.entry).where(case_history.c.case_id == case).order_by(case_history.c.seq.desc())
    ).scalars()
    merges = (each["from"] for each in entries if each["to"] == "merged" and each["from"] != "merged")
    return "paused" if next(merges, "") == "paused" else "open"


def _shown(
    conn: Connection, rows: Sequence[Row[tuple[object, ...]]], now: datetime
) -> list[dict[str, object]]:
    members = incidents.ids_of_cases(conn, [row.id for row in rows])
    elsewhere = platform_cases.of_cases(
        conn, [row.id for row in rows if row.mastered_by == platform_cases.PLATFORM]
    )
    reports = public_reports.of_cases(conn, [row.id for row in rows if row.source == "public"])
    codes = mappings.of_cases(conn, [(row.id, row.category, row.unit, row.area) for row in rows])
    return [
        {
            "id": row.id,
            "number": row.number,
            "workflow": row.workflow,
            "step": row.step,
            "state": row.state,
            "kind": row.kind,
            "category": row.category,
            "severity": row.severity,
            "area": row.area,
            "site": row.site,
            "unit": row.unit,
            "units": [each for each in row.units.split(",") if each],
            "mastered_by": row.mastered_by,
            "source": row.source,
            "external_id": row.external_id,
            "platform_number": elsewhere[row.id]["number"] if row.id in elsewhere else None,
            "platform": elsewhere.get(row.id),
            "codes": codes.get(row.id),
            "report": reports.get(row.id),
            "title": row.title,
            "description": row.description,
            "explanation": row.explanation or {"zh": row.title, "en": row.title},
            "lat": row.lat,
            "lon": row.lon,
            "incidents": members[row.id],
            "opened_at": format_instant(row.opened_at),
            "updated_at": format_instant(row.updated_at),
            "closed_at": format_instant(row.closed_at),
            "clocks": [each.as_dict(now) for each in _clocks(row.clocks)],
            "extension_asked": row.extension_asked,
            "escalated_to": row.escalated_to,
            "merged_into": row.merged_into,
            "reports": [{**each, "at": format_instant(from_ms(each["at"]))} for each in row.reports or ()],
            "version": row.version,
        }
        for row in rows
    ]


def _clock_row(clock: Clock) -> dict[str, object]:
    return {
        "step": clock.step,
        "limit": str(clock.limit),
        "started_at": to_ms(clock.started_at),
        "yellow_at": to_ms(clock.yellow_at),
        "due_at": to_ms(clock.due_at),
        "paused_at": None if clock.paused_at is None else to_ms(clock.paused_at),
        "done_at": None if clock.done_at is None else to_ms(clock.done_at),
        "supervised_at": None if clock.supervised_at is None else to_ms(clock.supervised_at),
    }


def _clocks(stored: Sequence[Mapping[str, object]]) -> tuple[Clock, ...]:
    return tuple(
        Clock(
            step=str(each["step"]),
            limit=parse_limit(each["limit"]),
            started_at=from_ms(cast("int", each["started_at"])),
            yellow_at=from_ms(cast("int", each["yellow_at"])),
            due_at=from_ms(cast("int", each["due_at"])),
            paused_at=_moment(each["paused_at"]),
            done_at=_moment(each["done_at"]),
            supervised_at=_moment(each["supervised_at"]),
        )
        for each in stored
    )


def _moment(stored: object) -> datetime | None:
    return None if stored is None else from_ms(cast("int", stored))
