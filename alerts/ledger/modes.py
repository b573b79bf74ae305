"""Modes: rows of the modes table, and the county as the modes in force make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger import counters, events, registry
from alerts.ledger.mode_tables import modes
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import stands
from alerts.sight import Sight, Visibility
from ingest.instant import format_instant

HUB = "hub"
"""Who ends a mode whose time is over."""


@dataclass(frozen=True, slots=True)
class Switched:
    """One stretch of a mode in one area; `ended_at` None while it is in force."""

    id: str
    mode: str
    area: str
    reason: str
    begun_at: datetime
    begun_by: str
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """As lists and reports show it."""
        return {
            "id": self.id,
            "mode": self.mode,
            "area": self.area,
            "reason": self.reason,
            "begun_at": format_instant(self.begun_at),
            "until": format_instant(self.until),
            "in_force": self.ended_at is None,
            "ended_at": format_instant(self.ended_at),
            "end_reason": self.end_reason,
        }


def laid_over(conn: Connection, directory: Directory) -> Directory:
    """The county with every mode that is in force and known."""
    for each in active(conn):
        directory = directory.with_mode(each.mode, each.area)
    return directory


def active(conn: Connection) -> list[Switched]:
    """What is in force, by area."""
    rows = conn.execute(select(modes).where(modes.c.ended_at.is_(None)).order_by(modes.c.area))
    return [_switched(row) for row in rows]


def at(conn: Connection, area: str) -> Switched | None:
    """What is in force in just this area, None in peace."""
    row = conn.execute(select(modes).where(modes.c.area == area, modes.c.ended_at.is_(None))).one_or_none()
    return None if row is None else _switched(row)


def begin(conn: Connection, new: Switched, *, now: datetime) -> None:
    """A mode comes into force; the index refuses a second one in the same area."""
    conn.execute(
        insert(modes).values(
            id=new.id,
            mode=new.mode,
            reason=new.reason,
            begun_at=new.begun_at,
            begun_by=new.begun_by,
            until=new.until,
            end_reason="",
            **stands(Visibility(area=new.area)),
        )
    )
    _told(conn, new, "began", now)


def end(conn: Connection, which: Switched, *, who: str, reason: str, now: datetime) -> None:
    """A mode is over."""
    conn.execute(
        update(modes).where(modes.c.id == which.id).values(ended_at=now, ended_by=who, end_reason=reason)
    )
    _told(conn, which, "ended", now)


def over(conn: Connection, now: datetime) -> list[Switched]:
    """What is in force, and its time is over."""
    rows = conn.execute(select(modes).where(modes.c.ended_at.is_(None), modes.c.until <= now))
    return [_switched(row) for row in rows]


def page(conn: Connection, sight: Sight, *, limit: int = 100, cursor: str | None = None) -> Page:
    """Every stretch, the newest first. Which area is in an emergency concerns everybody who may read modes."""
    if "mode" not in sight.nouns:
        return Page()
    query = select(modes).order_by(modes.c.id.desc()).limit(limit_of(limit) + 1)
    if cursor is not None:
        query = query.where(modes.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    items = [_switched(row).as_dict() for row in rows[:limit]]
    return Page(items, encode(rows[limit - 1].id) if more else None)


def within(conn: Connection, *, start: datetime, end: datetime) -> list[dict[str, object]]:
    """Every stretch that overlaps a time, in the order they began."""
    rows = conn.execute(
        select(modes)
        .where(modes.c.begun_at < end, or_(modes.c.ended_at.is_(None), modes.c.ended_at > start))
        .order_by(modes.c.id)
    )
    return [_switched(row).as_dict() for row in rows]


def _told(conn: Connection, which: Switched, change: str, now: datetime) -> None:
    """An event, and whoever caches the registry reads it anew."""
    counters.take(conn, registry.VERSION)
    data: Mapping[str, object] = {
        "id": which.id,
        "noun": "mode",
        "change": change,
        "mode": which.mode,
        "area": which.area,
    }
    events.append(conn, "registry.changed", now, data, Visibility(area=which.area), noun="mode")


def _switched(row: Row[tuple[object, ...]]) -> Switched:
    return Switched(
        id=row.id,
        mode=row.mode,
        area=row.area,
        reason=row.reason,
        begun_at=row.begun_at,
        begun_by=row.begun_by,
        until=row.until,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        end_reason=row.end_reason,
    )
