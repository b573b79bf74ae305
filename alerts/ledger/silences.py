"""Silences in the ledger: those that hold, those that are over, and lists of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.ledger.silence_tables import silences
from alerts.route import Match
from alerts.sight import Sight
from alerts.silence import Silence
from ingest.errors import Conflict, NotFound
from ingest.instant import format_instant


def add(conn: Connection, silence: Silence) -> None:
    """It holds from now on."""
    match = {name: value for name, value in asdict(silence.match).items() if value is not None}
    conn.execute(
        insert(silences).values(
            id=silence.id,
            match=match,
            reason=silence.reason,
            created_by=silence.who,
            created_at=silence.created_at,
            ends_at=silence.ends_at,
            over=False,
            life=silence.life,
            sight=silence.sight.as_dict(),
            **stands(silence.place),
        )
    )


# Asked for by every act that wrote an event: built once.
_ACTIVE = select(silences).where(silences.c.over.is_(False)).order_by(silences.c.id)
_LAPSE = (
    update(silences)
    .where(silences.c.over.is_(False), silences.c.ends_at <= bindparam("now"))
    .values(over=True)
    .execution_options(preserve_rowcount=True)
)


def active(conn: Connection) -> list[Silence]:
    """Those that hold, the oldest first."""
    return [_silence(row) for row in conn.execute(_ACTIVE)]


def lapse(conn: Connection, now: datetime) -> bool:
    """Those whose time is over hold no more; whether there were any."""
    return conn.execute(_LAPSE, {"now": now}).rowcount > 0


def end(conn: Connection, silence: str, *, who: str, now: datetime) -> None:
    """Somebody ends it before its time; raises NotFound, and Conflict for one that is over."""
    row = conn.execute(select(silences.c.over).where(silences.c.id == silence)).one_or_none()
    if row is None:
        raise NotFound(f"no silence {silence}")
    if row.over:
        raise Conflict(f"the silence {silence} is over")
    conn.execute(
        update(silences).where(silences.c.id == silence).values(over=True, ends_at=now, ended_by=who)
    )


def get(conn: Connection, sight: Sight, silence: str) -> dict[str, object]:
    """One silence; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(silences).where(silences.c.id == silence, visible(sight, "silence", silences))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no silence {silence}")
    return _shown(row)


def page(
    conn: Connection,
    sight: Sight,
    *,
    state: Literal["active", "over"] | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Silences, the newest first."""
    query = select(silences).where(visible(sight, "silence", silences)).order_by(silences.c.id.desc())
    if state is not None:
        query = query.where(silences.c.over.is_(state == "over"))
    if cursor is not None:
        query = query.where(silences.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query.limit(limit_of(limit) + 1)).all()
    more = len(rows) > limit
    return Page([_shown(row) for row in rows[:limit]], encode(rows[limit - 1].id) if more else None)


def _silence(row: Row[tuple[object, ...]]) -> Silence:
    return Silence(
        id=row.id,
        match=Match(**cast("Mapping[str, str]", row.match)),
        reason=row.reason,
        who=row.created_by,
        created_at=row.created_at,
        ends_at=row.ends_at,
        life=row.life,
        sight=Sight.of(row.sight),
        place=standing(row.area, row.site_kind, row.site, row.units),
    )


def _shown(row: Row[tuple[object, ...]]) -> dict[str, object]:
    return {
        "id": row.id,
        "match": row.match,
        "reason": row.reason,
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
        "ends_at": format_instant(row.ends_at),
        "ended_by": row.ended_by,
        "state": "over" if row.over else "active",
        "life": row.life,
        "area": row.area,
        "site": row.site,
    }
