"""Dampings in the ledger: those that hold, by camera, and lists of all. Cameras follow a change without a restart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.ledger import counters, events, registry
from alerts.ledger.damping_tables import dampings
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.sight import Sight, Visibility
from detectors.damping import Damping
from ingest.errors import Conflict, NotFound
from ingest.instant import format_instant


def add(
    conn: Connection,
    entries: Iterable[Damping],
    *,
    incident: str,
    who: str,
    place: Visibility,
    now: datetime,
) -> None:
    """They hold from now on."""
    for each in entries:
        conn.execute(
            insert(dampings).values(
                id=each.id,
                incident_id=incident,
                rule=each.rule,
                device=each.device,
                label=each.label,
                box=list(each.box),
                aspect=each.aspect,
                at=each.at,
                expires_at=each.expires_at,
                created_by=who,
                created_at=now,
                **stands(place),
            )
        )
        _told(conn, each.id, "created", place, now)


def by_camera(conn: Connection, now: datetime) -> dict[str, list[Damping]]:
    """Those that hold, the oldest first."""
    rows = conn.execute(
        select(dampings)
        .where(dampings.c.expires_at > now, dampings.c.ended_at.is_(None))
        .order_by(dampings.c.id)
    )
    found: dict[str, list[Damping]] = {}
    for row in rows:
        found.setdefault(row.device, []).append(_damping(row))
    return found


def end(conn: Connection, damping: str, *, who: str, now: datetime) -> None:
    """Somebody ends it before its time; raises NotFound, and Conflict for one that is over."""
    row = conn.execute(select(dampings).where(dampings.c.id == damping)).one_or_none()
    if row is None:
        raise NotFound(f"no damping {damping}")
    if _over(row, now):
        raise Conflict(f"the damping {damping} is over")
    conn.execute(update(dampings).where(dampings.c.id == damping).values(ended_at=now, ended_by=who))
    _told(conn, damping, "deleted", standing(row.area, row.site_kind, row.site, row.units), now)


def get(conn: Connection, sight: Sight, damping: str, *, now: datetime) -> dict[str, object]:
    """One damping; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(dampings).where(dampings.c.id == damping, visible(sight, "damping", dampings))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no damping {damping}")
    return _shown(row, now)


def page(
    conn: Connection,
    sight: Sight,
    *,
    now: datetime,
    state: Literal["active", "over"] | None = None,
    device: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Dampings, the newest first."""
    query = select(dampings).where(visible(sight, "damping", dampings)).order_by(dampings.c.id.desc())
    if state == "active":
        query = query.where(dampings.c.expires_at > now, dampings.c.ended_at.is_(None))
    elif state == "over":
        query = query.where(or_(dampings.c.expires_at <= now, dampings.c.ended_at.is_not(None)))
    if device is not None:
        query = query.where(dampings.c.device == device)
    if cursor is not None:
        query = query.where(dampings.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query.limit(limit_of(limit) + 1)).all()
    more = len(rows) > limit
    return Page([_shown(row, now) for row in rows[:limit]], encode(rows[limit - 1].id) if more else None)


def _told(conn: Connection, damping: str, change: str, place: Visibility, now: datetime) -> None:
    """An event, and whoever caches the registry reads it anew: the cameras' tasks among it."""
    counters.take(conn, registry.VERSION)
    data = {"id": damping, "noun": "damping", "change": change}
    events.append(conn, "registry.changed", now, data, place, noun="damping")


def _over(row: Row[tuple[object, ...]], now: datetime) -> bool:
    return row.ended_at is not None or cast("datetime", row.expires_at) <= now


def _damping(row: Row[tuple[object, ...]]) -> Damping:
    return Damping(
        id=row.id,
        rule=row.rule,
        device=row.device,
        label=row.label,
        box=row.box,
        aspect=row.aspect,
        at=row.at,
        expires_at=row.expires_at,
    )


def _shown(row: Row[tuple[object, ...]], now: datetime) -> dict[str, object]:
    return {
        "id": row.id,
        "incident": row.incident_id,
        "rule": row.rule,
        "device": row.device,
        "label": row.label,
        "box": row.box,
        "at": format_instant(row.at),
        "expires_at": format_instant(row.expires_at),
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
        "ended_at": None if row.ended_at is None else format_instant(row.ended_at),
        "ended_by": row.ended_by,
        "state": "over" if _over(row, now) else "active",
        "area": row.area,
        "site": row.site,
    }
