"""Notices in the ledger: written with what gave the reason, one delivery for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, func, insert, select
from sqlalchemy.engine import Connection

from alerts.ledger import pending
from alerts.ledger.notice_tables import deliveries, notice_incidents, notices
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import stands, visible
from alerts.notice import Notice
from alerts.sight import Sight
from ingest.instant import format_instant


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of notices is narrowed to; None asks nothing. `since` looks at `at`."""

    incident: str | None = None
    why: str | None = None
    addressee: str | None = None
    since: datetime | None = None


_ADD = insert(notices)
_ADD_INCIDENT = insert(notice_incidents)
_ADD_DELIVERY = insert(deliveries)
_OF_GROUP = select(func.count()).select_from(notices).where(notices.c.group_key == bindparam("group"))


def add(conn: Connection, notice: Notice) -> None:
    """A new notice, due at once on each of its channels."""
    pending.run(
        conn,
        _ADD,
        {
            "id": notice.id,
            "at": notice.at,
            "why": notice.why,
            "addressee": notice.addressee,
            "group_key": notice.group,
            "route": notice.route,
            "incidents": list(notice.incidents),
            "open": notice.open,
            "severity": notice.severity,
            "title": notice.title.as_dict(),
            **stands(notice.place),
        },
    )
    for each in dict.fromkeys(notice.incidents):
        pending.run(conn, _ADD_INCIDENT, {"notice": notice.id, "incident": each})
    for channel in notice.channels:
        pending.run(
            conn,
            _ADD_DELIVERY,
            {
                "notice": notice.id,
                "channel": channel,
                "rank": 0 if notice.severity == "life" else 1,
                "state": "pending",
                "attempts": 0,
                "next_at": notice.at,
                "reason": "",
            },
        )


def of_group(conn: Connection, group: str) -> int:
    """How many notices a group has."""
    return int(conn.execute(_OF_GROUP, {"group": group}).scalar_one())


def of_incident(conn: Connection, incident: str) -> list[dict[str, object]]:
    """Who was told of an incident, why, when, and how each channel took it; the oldest first."""
    rows = conn.execute(
        select(notices)
        .join(notice_incidents, notice_incidents.c.notice == notices.c.id)
        .where(notice_incidents.c.incident == incident)
        .order_by(notices.c.id)
    ).all()
    taken = _channels(conn, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "why": row.why,
            "at": format_instant(row.at),
            "addressee": row.addressee,
            "channels": taken[row.id],
        }
        for row in rows
    ]


def page(
    conn: Connection,
    sight: Sight,
    *,
    wanted: Wanted | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Notices, the newest first."""
    asked = wanted or Wanted()
    query = select(notices).where(visible(sight, "notice", notices)).order_by(notices.c.id.desc())
    if asked.incident is not None:
        of = select(notice_incidents.c.notice).where(notice_incidents.c.incident == asked.incident)
        query = query.where(notices.c.id.in_(of))
    for column, value in ((notices.c.why, asked.why), (notices.c.addressee, asked.addressee)):
        if value is not None:
            query = query.where(column == value)
    if asked.since is not None:
        query = query.where(notices.c.at >= asked.since)
    if cursor is not None:
        query = query.where(notices.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query.limit(limit_of(limit) + 1)).all()
    more, rows = len(rows) > limit, rows[:limit]
    taken = _channels(conn, [row.id for row in rows])
    return Page([_shown(row, taken[row.id]) for row in rows], encode(rows[-1].id) if more else None)


def _channels(conn: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {each: [] for each in ids}
    rows = conn.execute(
        select(deliveries)
        .where(deliveries.c.notice.in_(list(ids)))
        .order_by(deliveries.c.notice, deliveries.c.channel)
    )
    for row in rows:
        found[row.notice].append(
            {
                "channel": row.channel,
                "state": row.state,
                "attempts": row.attempts,
                "done_at": format_instant(row.done_at),
            }
        )
    return found


def _shown(row: Row[tuple[object, ...]], channels: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": row.id,
        "at": format_instant(row.at),
        "why": row.why,
        "addressee": row.addressee,
        "group": row.group_key,
        "route": row.route,
        "incidents": row.incidents,
        "open": row.open,
        "severity": row.severity,
        "area": row.area,
        "site": row.site,
        "title": row.title,
        "channels": channels,
    }
