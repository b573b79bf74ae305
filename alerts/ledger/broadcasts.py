"""Broadcasts: what loudspeaker nodes were told to say, and what each of them answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Row, insert, select, update
from sqlalchemy.engine import Connection

from alerts.ledger import events
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.ledger.tables import broadcasts
from alerts.sight import Sight, Visibility
from ingest.errors import NotFound
from ingest.instant import format_instant

NodeState = Literal["sent", "received", "playing", "done", "failed"]

ORDER: Mapping[str, int] = {"sent": 0, "received": 1, "playing": 2, "done": 3, "failed": 3}
"""A node's state only moves on: answers may come late, twice or out of order."""


def add(
    conn: Connection,
    *,
    id: str,  # noqa: A002 - the word of the contract
    text: str,
    level: int,
    drill: bool,
    nodes: Sequence[tuple[str, str]],
    place: Visibility,
    who: str,
    now: datetime,
) -> dict[str, object]:
    """A new broadcast to `nodes`, each (device, site), and its event."""
    at = format_instant(now)
    conn.execute(
        insert(broadcasts).values(
            id=id,
            text=text,
            level=level,
            drill=drill,
            created_by=who,
            created_at=now,
            updated_at=now,
            nodes=[
                {"device": device, "site": site, "state": "sent", "reason": "", "at": at}
                for device, site in nodes
            ],
            **stands(place),
        )
    )
    return _tell(conn, id, now)


def heard(
    conn: Connection,
    id: str,  # noqa: A002 - the word of the contract
    device: str,
    state: NodeState,
    *,
    reason: str = "",
    at: datetime,
    now: datetime,
) -> bool:
    """One node's answer, and its event; False when it says nothing new. Raises NotFound."""
    row = conn.execute(select(broadcasts).where(broadcasts.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"no broadcast {id}")
    nodes = [dict(each) for each in row.nodes]
    moved = [each for each in nodes if each["device"] == device and ORDER[state] > ORDER[str(each["state"])]]
    if not moved:
        return False
    for each in moved:
        each.update(state=state, reason=reason[:200], at=format_instant(at))
    conn.execute(update(broadcasts).where(broadcasts.c.id == id).values(nodes=nodes, updated_at=now))
    _tell(conn, id, now)
    return True


def get(conn: Connection, sight: Sight, id: str) -> dict[str, object]:  # noqa: A002 - the word of the contract
    """One broadcast; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(broadcasts).where(broadcasts.c.id == id, visible(sight, "broadcast", broadcasts))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no broadcast {id}")
    return _shown(row)


def page(conn: Connection, sight: Sight, *, limit: int = 100, cursor: str | None = None) -> Page:
    """Broadcasts, the newest first."""
    query = (
        select(broadcasts)
        .where(visible(sight, "broadcast", broadcasts))
        .order_by(broadcasts.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        query = query.where(broadcasts.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page([_shown(row) for row in rows[:limit]], encode(rows[limit - 1].id) if more else None)


def _tell(conn: Connection, id: str, now: datetime) -> dict[str, object]:  # noqa: A002 - the word of the contract
    row = conn.execute(select(broadcasts).where(broadcasts.c.id == id)).one()
    shown = _shown(row)
    place = standing(row.area, row.site_kind, row.site, row.units)
    events.append(conn, "broadcast.changed", now, shown, place)
    return shown


def _shown(row: Row[tuple[object, ...]]) -> dict[str, object]:
    nodes = cast("list[dict[str, object]]", row.nodes)
    done = sum(each["state"] == "done" for each in nodes)
    return {
        "id": row.id,
        "text": row.text,
        "level": row.level,
        "drill": row.drill,
        "area": row.area,
        "site": row.site,
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
        "updated_at": format_instant(row.updated_at),
        "coverage": round(100 * done / len(nodes)) if nodes else 0,
        "nodes": nodes,
    }
