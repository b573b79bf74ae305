"""Reading pages: readings or spans of them in the order of their `at`, from where a cursor leads to.

One device is read series by series, each straight from its place in the primary key, and put in order here: the index
by time alone would lead past the readings of everybody else.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import cast

from sqlalchemy import ColumnElement, Row, Select, Table, literal, select, tuple_
from sqlalchemy.engine import Connection

from alerts.ledger.columns import Instant, from_ms, to_ms
from alerts.ledger.page import decode, encode
from alerts.ledger.reading_spans import SINGLE
from alerts.ledger.reading_tables import reading_spans
from alerts.ledger.tables import readings

Found = Row[tuple[object, ...]]
After = tuple[datetime, str, str, str]
"""at, device, quantity, message_id of the last one of the page before; spans have no message."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which ones.

    Attributes:
        resolution: SINGLE, or the length of the spans.
        quantity: Of this one only.
        since: From then on.
        until: Before then.
        after: Behind the one that a cursor names.
    """

    resolution: timedelta = SINGLE
    quantity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: After | None = None


def after_of(cursor: str | None) -> After | None:
    """What a cursor means; raises InvalidInput for one of another list."""
    if cursor is None:
        return None
    at, *rest = decode(cursor, int, str, str, str)
    device, quantity, message_id = map(str, rest)
    return from_ms(int(at)), device, quantity, message_id


def cursor_of(row: Found) -> str:
    """The cursor behind a row."""
    return encode(to_ms(row.at), row.device, row.quantity, getattr(row, "message_id", ""))


def of_device(conn: Connection, device: str, asked: Asked, most: int) -> list[Found]:
    """The first `most` of one device."""
    table = _table(asked)
    quantities = series(conn, table, device, asked) if asked.quantity is None else [asked.quantity]
    own = ("at", "message_id") if table is readings else ("at",)
    parts = []
    for quantity in quantities:
        query = _within(select(table), table, asked).where(
            table.c.device == device, table.c.quantity == quantity
        )
        if asked.after is not None:
            query = query.where(_behind(table, quantity, asked.after))
        ordered = query.order_by(*(table.c[name] for name in own)).limit(most)
        parts.append([(_order(row), row) for row in conn.execute(ordered)])
    return [row for _, row in heapq.merge(*parts, key=itemgetter(0))][:most]


def of_devices(conn: Connection, devices: Sequence[str], asked: Asked, most: int) -> list[Found]:
    """The first `most` of several devices."""
    table = _table(asked)
    names = ("at", "device", "quantity", "message_id") if table is readings else ("at", "device", "quantity")
    key = tuple(table.c[name] for name in names)
    query = _within(select(table), table, asked).where(table.c.device.in_(devices))
    if asked.quantity is not None:
        query = query.where(table.c.quantity == asked.quantity)
    if asked.after is not None:
        at, *rest = asked.after[: len(names)]
        query = query.where(tuple_(*key) > tuple_(literal(at, Instant()), *rest))
    return list(conn.execute(query.order_by(*key).limit(most)))


def series(conn: Connection, table: Table, device: str, asked: Asked | None = None) -> list[str]:
    """The quantities that a device has, each found by one look into the primary key."""
    found: list[str] = []
    query = select(table.c.quantity).where(table.c.device == device).order_by(table.c.quantity).limit(1)
    if table is not readings:
        seconds = round((asked or Asked()).resolution.total_seconds())
        query = query.where(table.c.resolution == seconds)
    while True:
        following = query if not found else query.where(table.c.quantity > found[-1])
        quantity = conn.execute(following).scalar()
        if quantity is None:
            return found
        found.append(str(quantity))


def _table(asked: Asked) -> Table:
    return readings if asked.resolution == SINGLE else reading_spans


def _within(query: Select[tuple[object, ...]], table: Table, asked: Asked) -> Select[tuple[object, ...]]:
    if table is not readings:
        query = query.where(table.c.resolution == round(asked.resolution.total_seconds()))
    if asked.since is not None:
        query = query.where(table.c.at >= asked.since)
    if asked.until is not None:
        query = query.where(table.c.at < asked.until)
    return query


def _behind(table: Table, quantity: str, after: After) -> ColumnElement[bool]:
    """What of this quantity comes behind, in the order of at, device, quantity, message."""
    at, _, last, message_id = after
    if quantity > last:
        return table.c.at >= at
    if quantity < last or table is not readings:
        return table.c.at > at
    return tuple_(table.c.at, table.c.message_id) > tuple_(literal(at, Instant()), message_id)


def _order(row: Found) -> tuple[datetime, str, str]:
    return cast("datetime", row.at), row.quantity, getattr(row, "message_id", "")
