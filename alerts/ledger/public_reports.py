"""Public reports: whose turn each is, its sealed picture, the generations of codes, and how often somebody may send."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, delete, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.leader import Act, Turn
from alerts.ledger import reporters
from alerts.ledger.columns import from_ms
from alerts.ledger.public_tables import (
    case_photos,
    case_reporters,
    public_limits,
    public_reports,
    report_codes,
)
from alerts.ledger.purges import Purged
from alerts.ledger.tables import case_history, cases
from alerts.ledger.upsert import put
from ingest.instant import format_instant

AT_ONCE = 200
"""Rows of one transaction; the rest follows with the next."""


@dataclass(frozen=True, slots=True)
class Due:
    """A report whose leader's time is over."""

    case: str
    area: str
    turn: Turn
    told_at: datetime


def generation(conn: Connection, area: str) -> int:
    """Of an area's code, from 1."""
    found = conn.execute(select(report_codes.c.generation).where(report_codes.c.area == area)).scalar()
    return 1 if found is None else int(found)


def next_generation(conn: Connection, area: str, now: datetime) -> int:
    """The codes given out so far are worthless from now on."""
    after = generation(conn, area) + 1
    put(conn, report_codes, {"area": area, "generation": after, "changed_at": now})
    return after


def add(conn: Connection, case: str, *, receipt: str, area: str, turn: Turn, now: datetime) -> None:
    """A new report; the index refuses a receipt that is there."""
    conn.execute(
        insert(public_reports).values(
            case_id=case,
            receipt=receipt,
            area=area,
            level=turn.level,
            leader=turn.leader,
            told_at=now,
            due_at=turn.due_at,
        )
    )


def put_photo(conn: Connection, case: str, sealed: bytes, sha256: str, now: datetime) -> None:
    """The picture, sealed by the caller; `sha256` is of what was sealed."""
    conn.execute(insert(case_photos).values(case_id=case, sealed=sealed, sha256=sha256, at=now))


def photo(conn: Connection, case: str) -> tuple[bytes, str] | None:
    """(sealed, sha256), None when there is none any more or never was."""
    row = conn.execute(select(case_photos).where(case_photos.c.case_id == case)).one_or_none()
    return None if row is None else (bytes(row.sealed), str(row.sha256))


def case_of(conn: Connection, receipt: str) -> str | None:
    """The id of the case behind a kept receipt."""
    found = conn.execute(select(public_reports.c.case_id).where(public_reports.c.receipt == receipt)).scalar()
    return None if found is None else str(found)


def due(conn: Connection, now: datetime) -> list[Due]:
    """Reports whose leader's time is over, the longest first."""
    rows = conn.execute(
        select(public_reports, cases.c.unit)
        .join(cases, cases.c.id == public_reports.c.case_id)
        .where(public_reports.c.due_at <= now)
        .order_by(public_reports.c.due_at)
        .limit(AT_ONCE)
    )
    return [
        Due(row.case_id, row.area, Turn(row.level, row.leader, row.unit or "", row.due_at), row.told_at)
        for row in rows
    ]


def acts(conn: Connection, case: str) -> list[Act]:
    """The history of a case as alerts/leader.py looks at it."""
    rows = conn.execute(select(case_history.c.entry, case_history.c.at).where(case_history.c.case_id == case))
    return [Act(str(row.entry["role"]), row.at) for row in rows]


def give(conn: Connection, case: str, turn: Turn, now: datetime) -> None:
    """Whose turn it is from now on."""
    conn.execute(
        update(public_reports)
        .where(public_reports.c.case_id == case)
        .values(level=turn.level, leader=turn.leader, told_at=now, due_at=turn.due_at)
    )


def rest(conn: Connection, case: str) -> None:
    """Somebody has it in hand, or it is over: it goes nowhere by itself."""
    conn.execute(update(public_reports).where(public_reports.c.case_id == case).values(due_at=None))


def of_cases(conn: Connection, ids: Collection[str]) -> dict[str, dict[str, object]]:
    """`{leader, level, due_at, photo, reporter}` of each of these cases that is a public report."""
    if not ids:
        return {}
    wanted = sorted(ids)
    rows = conn.execute(
        select(
            public_reports,
            case_photos.c.case_id.label("photo"),
            case_reporters.c.case_id.label("reporter"),
        )
        .outerjoin(case_photos, case_photos.c.case_id == public_reports.c.case_id)
        .outerjoin(case_reporters, case_reporters.c.case_id == public_reports.c.case_id)
        .where(public_reports.c.case_id.in_(wanted))
    )
    return {
        row.case_id: {
            "leader": row.leader,
            "level": row.level,
            "due_at": format_instant(row.due_at),
            "photo": row.photo is not None,
            "reporter": row.reporter is not None,
        }
        for row in rows
    }


def forget(conn: Connection, before: datetime) -> int:
    """Deletes picture, words and reference of whoever reported, of cases over since before then; how many cases.

    The case itself stays: what it was about, where, and what was done.
    """
    found = [str(row.id) for row in conn.execute(_over(before).limit(AT_ONCE))]
    if found:
        conn.execute(delete(case_photos).where(case_photos.c.case_id.in_(found)))
        reporters.forget(conn, found)
        conn.execute(
            update(cases).where(cases.c.id.in_(found), cases.c.source == "public").values(description="")
        )
    return len(found)


def old(conn: Connection, before: datetime, most: int | None = AT_ONCE) -> list[Purged]:
    """The cases of which forget() deletes in one go; all of them without `most`."""
    times = [row.at for row in conn.execute(_over(before).limit(most))]
    return [Purged("people", len(times), min(times), max(times))] if times else []


def _over(before: datetime) -> Select[tuple[str, datetime]]:
    """(id, when it was over) of the cases whose people are to be forgotten; those over longest first."""
    at = case((cases.c.state == "merged", cases.c.updated_at), else_=cases.c.closed_at)
    over = or_(
        and_(cases.c.state.in_(("closed", "false_alarm", "cancelled")), cases.c.closed_at < before),
        and_(cases.c.state == "merged", cases.c.updated_at < before),
    )
    details = or_(
        select(case_photos.c.case_id).where(case_photos.c.case_id == cases.c.id).exists(),
        select(case_reporters.c.case_id).where(case_reporters.c.case_id == cases.c.id).exists(),
        and_(cases.c.source == "public", cases.c.description != ""),
    )
    return select(cases.c.id, at.label("at")).where(over, details).order_by(at, cases.c.id)


def until(conn: Connection, key: str) -> datetime | None:
    """What was stored of a limit, None when it says nothing any more."""
    found = conn.execute(select(public_limits.c.until).where(public_limits.c.key == key)).scalar()
    return found if found is None or isinstance(found, datetime) else from_ms(int(found))


def keep_limits(conn: Connection, moments: dict[str, datetime], now: datetime) -> None:
    """Stores the moments and forgets those that are over: there are never more than may be let in at once."""
    conn.execute(delete(public_limits).where(public_limits.c.until <= now))
    for key, moment in moments.items():
        put(conn, public_limits, {"key": key, "until": moment})
