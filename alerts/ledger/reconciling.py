"""Reconciling: a day's cases for a reader, what the platform confirmed of them, and the comparisons that were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from alerts.ledger.platform_tables import confirmations, platform_cases, reconciliations
from alerts.ledger.sieve import standing, visible
from alerts.ledger.tables import cases
from alerts.ledger.upsert import put
from alerts.reconcile import Line
from alerts.sight import Sight, Visibility


@dataclass(frozen=True, slots=True)
class Compared:
    """One case of a day.

    Attributes:
        id: ULID.
        line: What is compared.
        source: Where it came from.
        place: Where it stands.
        confirmed: Version that a platform has confirmed, None for none.
    """

    id: str
    line: Line
    source: str
    place: Visibility
    confirmed: int | None


def opened(conn: Connection, sight: Sight, *, start: datetime, end: datetime) -> list[Compared]:
    """Every visible case opened from `start` to before `end`, in the order of the numbers."""
    rows = conn.execute(
        select(
            cases.c.id,
            cases.c.number,
            cases.c.state,
            cases.c.version,
            cases.c.source,
            cases.c.external_id,
            cases.c.area,
            cases.c.site_kind,
            cases.c.site,
            cases.c.units,
            platform_cases.c.external_id.label("theirs"),
            confirmations.c.version.label("confirmed"),
        )
        .outerjoin(platform_cases, platform_cases.c.case_id == cases.c.id)
        .outerjoin(confirmations, confirmations.c.case_id == cases.c.id)
        .where(visible(sight, "case", cases), cases.c.opened_at >= start, cases.c.opened_at < end)
        .order_by(cases.c.number)
    )
    return [
        Compared(
            id=row.id,
            line=Line(row.number, row.theirs or row.external_id or "", row.state, row.version),
            source=row.source,
            place=standing(row.area, row.site_kind, row.site, row.units),
            confirmed=row.confirmed,
        )
        for row in rows
    ]


def confirm(conn: Connection, confirmed: Iterable[Compared], now: datetime) -> None:
    """The platform has these cases as they are."""
    for each in confirmed:
        if each.confirmed != each.line.version:
            put(conn, confirmations, {"case_id": each.id, "version": each.line.version, "at": now})


def keep(conn: Connection, day: str, who: str, result: Mapping[str, object], now: datetime) -> None:
    """The last comparison of a day by one platform (or, `hub`, by the hub itself)."""
    put(conn, reconciliations, {"day": day, "who": who, "at": now, "result": dict(result)})


def done(conn: Connection, day: str, who: str) -> bool:
    """Whether this day was compared by them."""
    asked = select(exists().where(reconciliations.c.day == day, reconciliations.c.who == who))
    return bool(conn.execute(asked).scalar())


def results(conn: Connection, day: str) -> list[dict[str, object]]:
    """Every comparison of a day, by who made it."""
    rows = conn.execute(
        select(reconciliations).where(reconciliations.c.day == day).order_by(reconciliations.c.who)
    )
    return [{**row.result, "who": row.who} for row in rows]
