"""Readings: values of sensors; the same message twice is one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger import reading_rows, reading_spans
from alerts.ledger.columns import to_ms
from alerts.ledger.page import Page, limit_of
from alerts.ledger.reading_pages import Asked, Found, after_of, cursor_of, of_device, of_devices, series
from alerts.ledger.reading_rows import Key, key_of
from alerts.ledger.reading_spans import SINGLE
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
    rows = reading_rows.rows_of(new)
    added = reading_rows.write(conn, rows)
    if added:
        reading_spans.stored(conn, SINGLE, reading_spans.starts_of({row[2] for row in rows}), added)
    return added


def there(conn: Connection, some: Iterable[Reading]) -> frozenset[Key]:
    """Keys of those readings that are stored already, under their own key."""
    found: set[Key] = set()
    for (device, quantity), own in _by_series(some).items():
        for part in _chunks(sorted({each.at for each in own})):
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
    for (device, quantity), own in _by_series(named).items():
        for part in _chunks(sorted({each.message_id for each in own})):
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
    resolution: timedelta = SINGLE,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Readings of one device, or of every device this reader sees, in the order of their `at`.

    With another `resolution` than SINGLE: what they were from minute to minute, or from hour to hour.
    Raises NotFound for a device that is not there or not visible.
    """
    seen = [
        each.id
        for each in directory.devices.values()
        if device in {None, each.id} and sight.sees("reading", directory.visibility(each.id))
    ]
    if device is not None and not seen:
        raise NotFound(f"no device {device}")
    asked = Asked(resolution, quantity, since, until, after_of(cursor))
    most = limit_of(limit) + 1
    rows = of_devices(conn, seen, asked, most) if device is None else of_device(conn, device, asked, most)
    shown = _shown if resolution == SINGLE else _shown_span
    return Page(
        [shown(row) for row in rows[:limit]], cursor_of(rows[limit - 1]) if len(rows) > limit else None
    )


def latest(conn: Connection, devices: Sequence[str]) -> dict[str, dict[str, dict[str, object]]]:
    """The newest reading of each quantity of each of these devices: device → quantity → reading."""
    found: dict[str, dict[str, dict[str, object]]] = {}
    for device in devices:
        for quantity in series(conn, readings, device):
            here = (readings.c.device == device) & (readings.c.quantity == quantity)
            newest = select(readings).where(here).order_by(readings.c.at.desc(), readings.c.message_id.desc())
            found.setdefault(device, {})[quantity] = _shown(conn.execute(newest.limit(1)).one())
    return found


def newest_of(conn: Connection, device: str) -> dict[str, datetime]:
    """When the newest value of each quantity of a device was true."""
    found = {quantity: newest_at(conn, device, quantity) for quantity in series(conn, readings, device)}
    return {quantity: at for quantity, at in found.items() if at is not None}


def newest_at(conn: Connection, device: str, quantity: str) -> datetime | None:
    """When the newest value of this quantity was true, None when there is none."""
    found = conn.execute(
        select(readings.c.at)
        .where(readings.c.device == device, readings.c.quantity == quantity)
        .order_by(readings.c.at.desc())
        .limit(1)
    ).scalar()
    return found if isinstance(found, datetime) else None


def _by_series(some: Iterable[Reading]) -> dict[tuple[str, str], list[Reading]]:
    found: dict[tuple[str, str], list[Reading]] = {}
    for each in some:
        found.setdefault((each.device, each.quantity), []).append(each)
    return found


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _shown(row: Found) -> dict[str, object]:
    return {
        "device": row.device,
        "quantity": row.quantity,
        "value": row.value,
        "unit": row.unit,
        "at": format_instant(row.at),
        "received_at": format_instant(row.received_at),
        "quality": row.quality,
    }


def _shown_span(row: Found) -> dict[str, object]:
    return {
        "device": row.device,
        "quantity": row.quantity,
        "value": row.total / row.number,
        "low": row.low,
        "high": row.high,
        "count": row.number,
        "unit": row.unit,
        "at": format_instant(row.at),
    }
