"""Readings: values of sensors; the same message twice is one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Row, delete, func, literal, select, tuple_
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger import reading_rows
from alerts.ledger.columns import Instant, from_ms, to_ms
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.reading_rows import Key, key_of
from alerts.ledger.tables import readings
from alerts.sight import Sight
from ingest.errors import NotFound
from ingest.instant import format_instant
from ingest.reading import Reading

T = TypeVar("T")

CHUNK = 500
"""Values in one question at most."""


def add(conn: Connection, new: Iterable[Reading]) -> int:
    """Writes readings that are not there yet (device, quantity, at, message_id); answers how many."""
    return reading_rows.write(conn, reading_rows.rows_of(new))


def there(conn: Connection, some: Iterable[Reading]) -> frozenset[Key]:
    """Keys of those readings that are stored already, under their own key."""
    found: set[Key] = set()
    for (device, quantity), series in _by_series(some).items():
        for part in _chunks(sorted({each.at for each in series})):
            rows = conn.execute(
                select(readings.c.at, readings.c.message_id).where(
                    readings.c.device == device, readings.c.quantity == quantity, readings.c.at.in_(part)
                )
            )
            found.update((device, quantity, to_ms(row.at), row.message_id) for row in rows)
    return frozenset(key for each in some if (key := key_of(each)) in found)


def came(conn: Connection, some: Iterable[Reading], since: datetime) -> frozenset[Key]:
    """Keys of those readings whose message has been stored since then, whatever their `at`.

    For what the broker delivers again: a reading stamped on arrival has another `at` then. A message without an
    identifier is told from others by its `at`.
    """
    found: set[tuple[str, str, str]] = set()
    named = [each for each in some if each.message_id]
    for (device, quantity), series in _by_series(named).items():
        for part in _chunks(sorted({each.message_id for each in series})):
            rows = conn.execute(
                select(readings.c.message_id).where(
                    readings.c.device == device,
                    readings.c.quantity == quantity,
                    readings.c.at >= since,
                    readings.c.message_id.in_(part),
                )
            )
            found.update((device, quantity, row.message_id) for row in rows)
    known = {key_of(each) for each in named if (each.device, each.quantity, each.message_id) in found}
    return there(conn, [each for each in some if not each.message_id]) | known


def page(
    conn: Connection,
    sight: Sight,
    *,
    directory: Directory,
    device: str | None = None,
    quantity: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Readings of one device, or of every device this reader sees, in the order of their `at`.

    Raises NotFound for a device that is not there or not visible.
    """
    seen = [
        each.id
        for each in directory.devices.values()
        if device in {None, each.id} and sight.sees("reading", directory.visibility(each.id))
    ]
    if device is not None and not seen:
        raise NotFound(f"no device {device}")
    key = (readings.c.at, readings.c.device, readings.c.quantity, readings.c.message_id)
    query = select(readings).where(readings.c.device.in_(seen)).order_by(*key).limit(limit_of(limit) + 1)
    if quantity is not None:
        query = query.where(readings.c.quantity == quantity)
    if since is not None:
        query = query.where(readings.c.at >= since)
    if until is not None:
        query = query.where(readings.c.at < until)
    if cursor is not None:
        at, *rest = decode(cursor, int, str, str, str)
        query = query.where(tuple_(*key) > tuple_(literal(from_ms(int(at)), Instant()), *map(str, rest)))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return Page(
        [_shown(row) for row in rows[:limit]],
        encode(to_ms(last.at), last.device, last.quantity, last.message_id) if last is not None else None,
    )


def latest(conn: Connection, devices: Sequence[str]) -> dict[str, dict[str, dict[str, object]]]:
    """The newest reading of each quantity of each of these devices: device → quantity → reading."""
    newest = (
        select(readings.c.device, readings.c.quantity, func.max(readings.c.at).label("at"))
        .where(readings.c.device.in_(list(devices)))
        .group_by(readings.c.device, readings.c.quantity)
        .subquery()
    )
    rows = conn.execute(
        select(readings).join(
            newest,
            (readings.c.device == newest.c.device)
            & (readings.c.quantity == newest.c.quantity)
            & (readings.c.at == newest.c.at),
        )
    )
    found: dict[str, dict[str, dict[str, object]]] = {}
    for row in rows:
        found.setdefault(row.device, {})[row.quantity] = _shown(row)
    return found


def newest_at(conn: Connection, device: str, quantity: str) -> datetime | None:
    """When the newest value of this quantity was true, None when there is none."""
    found = conn.execute(
        select(readings.c.at)
        .where(readings.c.device == device, readings.c.quantity == quantity)
        .order_by(readings.c.at.desc())
        .limit(1)
    ).scalar()
    return found if isinstance(found, datetime) else None


def forget(conn: Connection, before: datetime) -> int:
    """Deletes readings older than `before`; answers how many."""
    return conn.execute(delete(readings).where(readings.c.at < before)).rowcount


def _by_series(some: Iterable[Reading]) -> dict[tuple[str, str], list[Reading]]:
    found: dict[tuple[str, str], list[Reading]] = {}
    for each in some:
        found.setdefault((each.device, each.quantity), []).append(each)
    return found


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _shown(row: Row[tuple[object, ...]]) -> dict[str, object]:
    return {
        "device": row.device,
        "quantity": row.quantity,
        "value": row.value,
        "unit": row.unit,
        "at": format_instant(row.at),
        "received_at": format_instant(row.received_at),
        "quality": row.quality,
    }
