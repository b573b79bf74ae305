"""Reading expiry: the oldest readings and spans go, in pieces that keep nobody waiting.

Nothing goes before it is summed up: single readings stay until their minute is, minutes until their hour is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, func, select, true, update
from sqlalchemy.engine import Connection

from alerts.ledger import reading_spans as spans
from alerts.ledger.purges import Kind, Purged
from alerts.ledger.reading_spans import HOUR, MINUTE, SINGLE, floor
from alerts.ledger.reading_tables import reading_spans, reading_stock
from alerts.ledger.tables import readings

_WHOLE = {SINGLE: MINUTE, MINUTE: HOUR, HOUR: HOUR}
"""What is deleted ends where a coarser span begins, so that none is half there."""
_COARSER = {SINGLE: MINUTE, MINUTE: HOUR}
_KINDS: dict[timedelta, Kind] = {SINGLE: "readings", MINUTE: "readings-1m", HOUR: "readings-1h"}
ROW_BYTES = {SINGLE: 64, MINUTE: 80, HOUR: 80}
"""Bytes of a row and its place in the index, without its names; measured on SQLite, more on PostgreSQL."""
SAMPLE = 200
"""Rows whose names are measured."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was deleted in one go.

    Attributes:
        rows: How many.
        done: Whether there is nothing left to delete.
        since: When the oldest of them was true, None for none.
        until: None of them was true from then on.
    """

    rows: int
    done: bool
    since: datetime | None = None
    until: datetime | None = None


def end(conn: Connection, resolution: timedelta, before: datetime, most: int | None) -> datetime:
    """Up to where it is deleted, when everything before `before` is to go and at most `most` bytes are to stay."""
    if most is not None:
        kept = round(most / row_bytes(conn, resolution))
        surplus = spans.stock(conn)[resolution].rows - kept
        early = before_of(conn, resolution, surplus) if surplus > 0 else None
        before = before if early is None else max(before, early)
    return limit(conn, resolution, before)


def due(conn: Connection, resolution: timedelta, before: datetime) -> list[Purged]:
    """What goes when everything before `before` (of end()) does; reads all of it."""
    of, ours = _of(resolution)
    old = select(func.count().label("n"), func.min(of.c.at).label("since"), func.max(of.c.at).label("until"))
    row = conn.execute(old.where(ours, of.c.at < before)).one()
    if not row.n:
        return []
    return [purged(resolution, row.n, row.since, row.until, row_bytes(conn, resolution))]


def purged(resolution: timedelta, rows: int, since: datetime, until: datetime, each: float) -> Purged:
    """So many rows of about `each` bytes, to be noted."""
    return Purged(_KINDS[resolution], rows, since, until, round(rows * each))


def limit(conn: Connection, resolution: timedelta, before: datetime) -> datetime:
    """Up to where it may be deleted, when everything before `before` is to go."""
    coarser = _COARSER.get(resolution)
    waiting = None if coarser is None else spans.oldest_due(conn, coarser)
    since = spans.stock(conn)[resolution].since
    if waiting is not None and since <= waiting < before:
        before = waiting
    return floor(before, _WHOLE[resolution])


def forget(conn: Connection, resolution: timedelta, before: datetime, piece: timedelta) -> Piece:
    """Deletes the oldest rows of a resolution, those of a time so long and none from `before` on."""
    of, ours = _of(resolution)
    oldest = conn.execute(select(func.min(of.c.at)).where(ours)).scalar()
    stock = reading_stock.c
    here = stock.resolution == round(resolution.total_seconds())
    conn.execute(update(reading_stock).where(here, stock.since < before).values(since=before))
    if not isinstance(oldest, datetime) or oldest >= before:
        return Piece(0, done=True)
    until = min(oldest + piece, before)
    rows = conn.execute(delete(of).where(ours, of.c.at < until)).rowcount
    conn.execute(update(reading_stock).where(here).values(rows=stock.rows - rows))
    return Piece(rows, done=until >= before, since=oldest, until=until)


def row_bytes(conn: Connection, resolution: timedelta) -> float:
    """What one row takes on the disk, as far as its newest rows tell."""
    of, ours = _of(resolution)
    names = [of.c.device, of.c.quantity, *([of.c.message_id] if of is readings else [])]
    newest = select(*names).where(ours).order_by(of.c.at.desc()).limit(SAMPLE)
    rows = conn.execute(newest).all()
    text = sum(len(str(part).encode()) for row in rows for part in row)
    return ROW_BYTES[resolution] + 2 * text / max(len(rows), 1)  # names stand in the row and in its index


def before_of(conn: Connection, resolution: timedelta, surplus: int) -> datetime | None:
    """Up to when the oldest `surplus` rows reach; None when there are not so many."""
    of, ours = _of(resolution)
    found = conn.execute(select(of.c.at).where(ours).order_by(of.c.at).offset(surplus).limit(1)).scalar()
    return found if isinstance(found, datetime) else None


def _of(resolution: timedelta) -> tuple[Table, ColumnElement[bool]]:
    """The table of a resolution, and which of its rows."""
    if resolution == SINGLE:
        return readings, true()
    return reading_spans, reading_spans.c.resolution == round(resolution.total_seconds())
