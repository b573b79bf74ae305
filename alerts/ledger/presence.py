"""Presence in the ledger: each `serve` says who is connected to it; together they are the room.

A row changes when somebody comes or goes; that they are still there, the one heartbeat of their `serve` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from alerts.ids import new_id
from alerts.ledger.duty_tables import room_spells
from alerts.ledger.presence_tables import presence, watchers
from alerts.ledger.upsert import put
from alerts.presence import LOST, Here, Person, Room
from alerts.sight import Sight, Visibility
from ingest.instant import format_instant

FORGET = timedelta(days=7)
"""How long it is remembered when somebody left."""


def beat(conn: Connection, serve: str, here: Sequence[Here], *, started_at: datetime, now: datetime) -> None:
    """This `serve` lives, and these are connected to it; whoever else was has left."""
    put(conn, watchers, {"serve": serve, "started_at": started_at, "seen_at": now})
    rows = conn.execute(select(presence).where(presence.c.serve == serve))
    known = {row.user: row for row in rows}
    for each in here:
        row = known.get(each.user)
        sight = each.sight.as_dict()
        if row is None or row.left_at is not None or (row.role, row.sight) != (each.role, sight):
            since = now if row is None or row.left_at is not None else row.since
            put(
                conn,
                presence,
                {
                    "serve": serve,
                    "user": each.user,
                    "role": each.role,
                    "sight": sight,
                    "since": since,
                    "left_at": None,
                },
            )
    gone = {name for name, row in known.items() if row.left_at is None} - {each.user for each in here}
    if gone:
        conn.execute(
            update(presence)
            .where(presence.c.serve == serve, presence.c.user.in_(sorted(gone)))
            .values(left_at=now)
        )
    old = select(watchers.c.serve).where(watchers.c.seen_at < now - FORGET)
    conn.execute(delete(presence).where(presence.c.left_at < now - FORGET))
    conn.execute(delete(presence).where(presence.c.serve.in_(old)))
    conn.execute(delete(watchers).where(watchers.c.seen_at < now - FORGET))


def room(conn: Connection, now: datetime) -> Room:
    """Who was and is there; a `serve` that fell silent took its people with it."""
    alive = {row.serve: row for row in conn.execute(select(watchers))}
    people = []
    for row in conn.execute(select(presence)):
        serve = alive.get(row.serve)
        left = row.left_at
        if left is None and (serve is None or now - serve.seen_at > LOST):
            left = row.since if serve is None else serve.seen_at
        people.append(Person(row.user, row.role, Sight.of(row.sight), row.since, left))
    began = [row.started_at for row in alive.values() if now - row.seen_at <= LOST]
    return Room(tuple(people), min(began, default=None))


def told_at(conn: Connection, place: Visibility) -> datetime | None:
    """When it was last told that nobody covers such a place; None: not since somebody was there."""
    return conn.execute(
        select(room_spells.c.told_at).where(
            room_spells.c.area == (place.area or ""),
            room_spells.c.site_kind == (place.site_kind or ""),
            room_spells.c.ended_at.is_(None),
        )
    ).scalar()


def told(conn: Connection, place: Visibility, *, since: datetime, now: datetime) -> None:
    """It is told now; the first time begins a spell."""
    where = (
        room_spells.c.area == (place.area or ""),
        room_spells.c.site_kind == (place.site_kind or ""),
        room_spells.c.ended_at.is_(None),
    )
    if conn.execute(update(room_spells).where(*where).values(told_at=now)).rowcount:
        return
    put(
        conn,
        room_spells,
        {
            "id": new_id(now),
            "area": place.area or "",
            "site_kind": place.site_kind or "",
            "began_at": since,
            "told_at": now,
            "ended_at": None,
            "ended_by": None,
        },
    )


def came_back(conn: Connection, found: Room, now: datetime) -> int:
    """Ends the spells of places that somebody covers again; answers how many."""
    ended = 0
    for row in conn.execute(select(room_spells).where(room_spells.c.ended_at.is_(None))).all():
        # any site of that kind and area: who sees one of them sees the others, but for a site keeper
        place = Visibility(row.area or None, row.site_kind or None, None)
        who = found.cover(place)
        if who is not None:
            conn.execute(
                update(room_spells)
                .where(room_spells.c.id == row.id)
                .values(ended_at=max(now, row.began_at), ended_by=who.user)
            )
            ended += 1
    return ended


def spells(conn: Connection, most: int = 20) -> list[dict[str, object]]:
    """When nobody was there and that was told, the newest first."""
    rows = conn.execute(select(room_spells).order_by(room_spells.c.id.desc()).limit(most))
    return [
        {
            "id": row.id,
            "area": row.area or None,
            "site_kind": row.site_kind or None,
            "began_at": format_instant(row.began_at),
            "told_at": format_instant(row.told_at),
            "ended_at": format_instant(row.ended_at),
            "ended_by": row.ended_by,
        }
        for row in rows
    ]
