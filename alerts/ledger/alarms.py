"""Test alarms in the ledger: asked once per slot, each leg written when it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Update, select, update
from sqlalchemy.engine import Connection

from alerts.alarm import Delivery, Verdict, Way
from alerts.ledger.alarm_tables import test_alarms
from alerts.ledger.notice_tables import deliveries, notices
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.upsert import add_missing
from alerts.sight import Sight
from ingest.instant import format_instant


def ask(conn: Connection, key: str, *, slot: str, who: str, now: datetime) -> bool:
    """A new one; False when there is one for this slot already."""
    taken = select(test_alarms.c.id).where(test_alarms.c.slot == slot)
    if conn.execute(taken).scalar() is not None:
        return False
    row = {
        "id": key,
        "slot": slot,
        "at": now,
        "asked_by": who,
        "state": "running",
        "failed_leg": None,
        "reason": "",
        "notices": [],
    }
    return bool(add_missing(conn, test_alarms, [row]))


def published(conn: Connection, key: str, at: datetime) -> None:
    """The broker took it."""
    conn.execute(_running(key).values(published_at=at))


def received(conn: Connection, key: str, at: datetime) -> bool:
    """The intake has it; False for a second time, and for one that is over or unknown."""
    return bool(
        conn.execute(_running(key).where(test_alarms.c.received_at.is_(None)).values(received_at=at)).rowcount
    )


def told(conn: Connection, key: str, written: Sequence[str], at: datetime) -> None:
    """These notices go out with this commit."""
    conn.execute(_running(key).values(committed_at=at, notices=list(written)))


def settle(conn: Connection, key: str, verdict: Verdict, now: datetime) -> None:
    """It came through, or did not."""
    conn.execute(
        _running(key).values(state=verdict.state, failed_leg=verdict.leg, reason=verdict.reason, done_at=now)
    )


def running(conn: Connection) -> list[tuple[str, Way]]:
    """Those that are under way."""
    rows = conn.execute(select(test_alarms).where(test_alarms.c.state == "running")).all()
    return [(row.id, _way(conn, row)) for row in rows]


def last(conn: Connection) -> tuple[str, str, str] | None:
    """(state, failed leg, reason) of the newest that is over; None before the first."""
    row = conn.execute(
        select(test_alarms.c.state, test_alarms.c.failed_leg, test_alarms.c.reason)
        .where(test_alarms.c.state != "running")
        .order_by(test_alarms.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.state, row.failed_leg or "", row.reason)


def page(conn: Connection, sight: Sight, *, limit: int = 100, cursor: str | None = None) -> Page:
    """The newest first, each leg with its time."""
    if "test-alarm" not in sight.nouns:
        return Page()
    query = select(test_alarms).order_by(test_alarms.c.id.desc()).limit(limit_of(limit) + 1)
    if cursor is not None:
        query = query.where(test_alarms.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page([_shown(conn, row) for row in rows[:limit]], encode(rows[limit - 1].id) if more else None)


def get(conn: Connection, key: str) -> dict[str, object]:
    """One, as it is shown."""
    return _shown(conn, conn.execute(select(test_alarms).where(test_alarms.c.id == key)).one())


def _running(key: str) -> Update:
    return update(test_alarms).where(test_alarms.c.id == key, test_alarms.c.state == "running")


def _way(conn: Connection, row: Row[tuple[object, ...]]) -> Way:
    query = select(deliveries).where(deliveries.c.notice.in_(row.notices))
    found = conn.execute(query.order_by(deliveries.c.notice, deliveries.c.channel))
    return Way(
        at=row.at,
        published_at=row.published_at,
        received_at=row.received_at,
        committed_at=row.committed_at,
        told=len(row.notices),
        deliveries=tuple(Delivery(each.channel, each.state, each.done_at, each.reason) for each in found),
    )


def _shown(conn: Connection, row: Row[tuple[object, ...]]) -> dict[str, object]:
    way = _way(conn, row)
    legs = [
        _leg(name, way.at, at)
        for name, at in (
            ("broker", way.published_at),
            ("intake", way.received_at),
            ("ledger", way.committed_at),
        )
    ]
    for each in way.deliveries:
        at = each.done_at if each.state == "sent" else None
        legs.append(_leg(f"channel {each.channel}", way.at, at) | {"reason": each.reason})
    addressees = conn.execute(select(notices.c.addressee).where(notices.c.id.in_(row.notices)))
    return {
        "id": row.id,
        "test": True,
        "at": format_instant(row.at),
        "asked_by": row.asked_by,
        "state": row.state,
        "failed_leg": row.failed_leg,
        "reason": row.reason,
        "done_at": format_instant(row.done_at),
        "told": sorted(addressees.scalars()),
        "legs": legs,
    }


def _leg(name: str, asked: datetime, at: datetime | None) -> dict[str, object]:
    seconds = None if at is None else round((at - asked).total_seconds(), 3)
    return {"leg": name, "at": format_instant(at), "seconds": seconds}
