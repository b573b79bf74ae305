"""Offers: unknown devices, one row each, with the messages of their last hour; bounded however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger import counters
from alerts.ledger.offer_tables import offered, offers
from alerts.ledger.page import decode, encode, limit_of
from alerts.ledger.purges import Purged
from alerts.offer import Heard, Offer, guess
from ingest.errors import NotFound
from ingest.instant import format_instant

MOST = 1_000
"""Offers that are kept. In a flood of names those go first that were heard least: a device that is there is heard
again, a name that was made up is not."""
SLACK = 100
"""More than MOST that there may be before some are deleted: a flood is not answered with a deletion a message."""
MESSAGES = 600
"""Kept of one device: one every six seconds of an hour."""
ALL_MESSAGES = 20_000
"""Kept of all devices."""
BYTES = 4096
"""Longer payloads are counted and not kept."""
HOUR = timedelta(hours=1)
"""Messages older than this, when another one comes, are deleted."""
OTHERS = 50
"""Names of fields without a quantity that are kept."""
NUMBER = "offered"


@dataclass(frozen=True, slots=True)
class Kept:
    """One message of an unknown device, as it arrived."""

    topic: str
    payload: bytes
    retain: bool
    at: datetime
    packet: int


def keep(conn: Connection, heard: Heard, message: Kept) -> bool:
    """A message of an unknown device; True when the device is a new one. Of a dismissed one nothing is kept."""
    row = conn.execute(_ONE, {"b_id": heard.id}).one_or_none()
    if row is None:
        conn.execute(
            insert(offers).values(
                id=heard.id,
                convention=heard.convention,
                topic=heard.topic[:1024],
                name=heard.name,
                many=heard.many,
                found={word: dict(each) for word, each in heard.found.items()},
                others=list(heard.others[:OTHERS]),
                mapping=None if heard.mapping is None else dict(heard.mapping),
                state="open",
                heard=1,
                first_at=message.at,
                last_at=message.at,
            )
        )
        _make_room(conn)
        _keep(conn, heard.id, 1, message)
        return True
    conn.execute(
        update(offers)
        .where(offers.c.id == heard.id)
        .values(
            heard=row.heard + 1,
            last_at=max(row.last_at, message.at),
            found={**row.found, **{word: dict(each) for word, each in heard.found.items()}},
            others=list(dict.fromkeys([*row.others, *heard.others]))[:OTHERS],
        )
    )
    if row.state == "open":
        _keep(conn, heard.id, row.heard + 1, message)
    return False


def page(
    conn: Connection, *, state: str = "open", limit: int = 100, cursor: str | None = None
) -> tuple[list[Offer], str | None]:
    """Offers by id, and the cursor of the next page."""
    query = select(offers).where(offers.c.state == state).order_by(offers.c.id).limit(limit_of(limit) + 1)
    if cursor is not None:
        query = query.where(offers.c.id > str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    found = [_offer(row) for row in rows[:limit]]
    return found, encode(found[-1].id) if len(rows) > limit else None


def everyone(conn: Connection) -> list[Offer]:
    """All offers, dismissed ones too."""
    return [_offer(row) for row in conn.execute(select(offers).order_by(offers.c.id))]


def get(conn: Connection, key: str) -> Offer:
    """One; raises NotFound."""
    row = conn.execute(select(offers).where(offers.c.id == key)).one_or_none()
    if row is None:
        raise NotFound(f"no offer {key}", mend="list them: GET /api/v1/offers")
    return _offer(row)


def messages(conn: Connection, key: str, *, newest: int | None = None) -> list[Kept]:
    """The messages kept of one device, as they arrived; only the `newest` so many."""
    query = select(offered).where(offered.c.offer == key).order_by(offered.c.id.desc())
    rows = conn.execute(query if newest is None else query.limit(newest)).all()
    return [Kept(row.topic, bytes(row.payload), row.retain, row.at, row.packet) for row in reversed(rows)]


def dismiss(conn: Connection, key: str, *, who: str, now: datetime) -> Offer:
    """Show it no more, and keep nothing of it; raises NotFound."""
    get(conn, key)
    conn.execute(
        update(offers)
        .where(offers.c.id == key)
        .values(state="dismissed", dismissed_by=who, dismissed_at=now, others=[])
    )
    conn.execute(delete(offered).where(offered.c.offer == key))
    _trim(conn, select(offers.c.id).where(offers.c.state == "dismissed").order_by(offers.c.dismissed_at), 0)
    return get(conn, key)


def remove(conn: Connection, key: str) -> None:
    """The device is no longer unknown."""
    conn.execute(delete(offered).where(offered.c.offer == key))
    conn.execute(delete(offers).where(offers.c.id == key))


def forget(conn: Connection, before: datetime) -> int:
    """Deletes what was not heard since, and messages older than that; answers how many offers."""
    conn.execute(delete(offered).where(offered.c.at < before))
    return conn.execute(delete(offers).where(offers.c.last_at < before)).rowcount


def due(conn: Connection, before: datetime) -> list[Purged]:
    """The offers that forget() deletes; messages are kept for an hour anyway."""
    at = offers.c.last_at
    old = select(func.count().label("n"), func.min(at).label("since"), func.max(at).label("until"))
    row = conn.execute(old.where(at < before)).one()
    return [Purged("offers", row.n, row.since, row.until)] if row.n else []


def shown(offer: Offer, known: Directory) -> dict[str, object]:
    """An offer as the API and the command show it."""
    return {
        "id": offer.id,
        "convention": offer.convention,
        "topic": offer.topic,
        "name": offer.name,
        "state": offer.state,
        "heard": offer.heard,
        "first_at": format_instant(offer.first_at),
        "last_at": format_instant(offer.last_at),
        "values": offer.found,
        "others": list(offer.others),
        "guess": guess(offer, known),
        "dismissed_by": offer.dismissed_by,
    }


def shown_message(each: Kept) -> dict[str, object]:
    """A kept message; bytes that are no UTF-8 escaped."""
    return {
        "at": format_instant(each.at),
        "topic": each.topic,
        "payload": each.payload.decode("utf-8", "backslashreplace"),
        "retained": each.retain,
    }


def _keep(conn: Connection, key: str, n: int, message: Kept) -> None:
    if len(message.payload) > BYTES:
        return
    number = counters.take(conn, NUMBER)
    conn.execute(
        insert(offered).values(
            id=number,
            offer=key,
            n=n,
            at=message.at,
            topic=message.topic[:1024],
            payload=message.payload,
            retain=message.retain,
            packet=message.packet,
        )
    )
    mine = offered.c.offer == key
    conn.execute(delete(offered).where(mine, offered.c.n <= n - MESSAGES))
    conn.execute(delete(offered).where(mine, offered.c.at < message.at - HOUR))
    conn.execute(delete(offered).where(offered.c.id <= number - ALL_MESSAGES))


def _make_room(conn: Connection) -> None:
    """Those that were heard least go, among them those that were not heard for longest."""
    least = select(offers.c.id).where(offers.c.state == "open").order_by(offers.c.heard, offers.c.last_at)
    _trim(conn, least, SLACK)


def _trim(conn: Connection, first: Select[tuple[str]], slack: int) -> None:
    there = int(conn.execute(select(func.count()).select_from(first.order_by(None).subquery())).scalar_one())
    if there <= MOST + slack:
        return
    gone = [str(each[0]) for each in conn.execute(first.limit(there - MOST))]
    conn.execute(delete(offered).where(offered.c.offer.in_(gone)))
    conn.execute(delete(offers).where(offers.c.id.in_(gone)))


def _offer(row: Row[tuple[object, ...]]) -> Offer:
    return Offer(
        id=row.id,
        convention=row.convention,
        topic=row.topic,
        name=row.name,
        many=row.many,
        found=row.found,
        others=tuple(row.others),
        mapping=row.mapping,
        state=row.state,
        heard=row.heard,
        first_at=row.first_at,
        last_at=row.last_at,
        dismissed_by=row.dismissed_by,
    )


_ONE = select(offers.c.heard, offers.c.state, offers.c.last_at, offers.c.found, offers.c.others).where(
    offers.c.id == bindparam("b_id")
)
