"""Reading spans: readings summed up by the minute and by the hour: how many, lowest, highest, mean.

Whoever stores a reading marks its minute as due. A minute that is over is summed up from its readings, and marks its
hour; an hour is summed up from its minutes. What comes late marks its minute again, so the spans always say what SQL
over the single readings would say, for as long as those are kept.

Summing up reads beside the writer, not in its way: the mark's number tells afterwards whether something was stored
meanwhile, and then nothing is written and the mark stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Insert, Select, bindparam, delete, func, select, update
from sqlalchemy.engine import Connection

from alerts.ledger.columns import EPOCH, from_ms
from alerts.ledger.reading_tables import reading_dues, reading_spans, reading_stock
from alerts.ledger.tables import readings
from alerts.ledger.upsert import insert_of, put_all

SINGLE = timedelta(0)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RESOLUTIONS: Mapping[str, timedelta] = {"raw": SINGLE, "1m": MINUTE, "1h": HOUR}
"""As people write them: every reading, by the minute, by the hour."""
_FINER = {MINUTE: SINGLE, HOUR: MINUTE}
_COARSER = {SINGLE: MINUTE, MINUTE: HOUR}


@dataclass(frozen=True, slots=True)
class Due:
    """A span of time to sum up; `n`: as of which store."""

    resolution: timedelta
    at: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Stock:
    """What is kept of one resolution: how many rows, and since when it is whole."""

    rows: int
    since: datetime


def floor(at: datetime, resolution: timedelta) -> datetime:
    """When the span that holds this moment began."""
    return at - (at - EPOCH) % resolution


def stored(conn: Connection, resolution: timedelta, starts: Iterable[datetime], rows: int) -> None:
    """So many rows of a resolution were stored, in spans of the next coarser one that begin so: those are due."""
    if rows:
        conn.execute(_ADDED, {"of": _seconds(resolution), "more": rows})
    coarser = _COARSER.get(resolution)
    if coarser is None:
        return
    marks = [{"resolution": _seconds(coarser), "at": at, "n": 1} for at in starts]
    if marks:
        conn.execute(_mark(conn.dialect.name), marks)


@cache
def _mark(dialect: str) -> Insert:
    """Built once: building it costs more than running it."""
    statement = insert_of(dialect, reading_dues).values(
        {name: bindparam(name) for name in ("resolution", "at", "n")}
    )
    again = {"n": reading_dues.c.n + 1}
    return statement.on_conflict_do_update(index_elements=["resolution", "at"], set_=again)


def due(conn: Connection, resolution: timedelta, before: datetime, most: int) -> list[Due]:
    """Spans to sum up that are over before then, the oldest first; an hour waits for its minutes."""
    mark = reading_dues.c
    over = (mark.resolution == _seconds(resolution)) & (mark.at <= before - resolution)
    rows = conn.execute(select(mark.at, mark.n).where(over).order_by(mark.at).limit(most)).all()
    found = [Due(resolution, row.at, row.n) for row in rows]
    if resolution == HOUR:
        minute = oldest_due(conn, MINUTE)
        found = [each for each in found if minute is None or each.at + HOUR <= minute]
    return found


def oldest_due(conn: Connection, resolution: timedelta) -> datetime | None:
    """The first span that is to be summed up; None when there is none."""
    found = conn.execute(
        select(func.min(reading_dues.c.at)).where(reading_dues.c.resolution == _seconds(resolution))
    ).scalar()
    return found if isinstance(found, datetime) else None


def sums(conn: Connection, span: Due) -> Sequence[Mapping[str, object]] | None:
    """The rows of a span; None when it was marked again since, or when what it is made of is not whole any more."""
    finer = _FINER[span.resolution]
    if _n(conn, span) != span.n or span.at < stock(conn)[finer].since:
        return None
    within = (span.at, span.at + span.resolution)
    rows = conn.execute(_of_readings(*within) if finer == SINGLE else _of_spans(finer, *within))
    fixed = {"resolution": _seconds(span.resolution), "at": span.at}
    # a sum of integers is a Decimal on PostgreSQL
    return [{**fixed, **row, "number": int(row["number"])} for row in rows.mappings()]


def settle(conn: Connection, span: Due, rows: Sequence[Mapping[str, object]] | None) -> bool:
    """Writes what sums() answered and takes the mark off; False when it was marked again meanwhile.

    A span whose single readings are gone in part keeps what it says.
    """
    if _n(conn, span) != span.n:
        return False
    if rows is None and span.at >= stock(conn)[_FINER[span.resolution]].since:
        return False
    if rows:
        here = (reading_spans.c.resolution == _seconds(span.resolution)) & (reading_spans.c.at == span.at)
        before = conn.execute(select(func.count()).select_from(reading_spans).where(here)).scalar_one()
        put_all(conn, reading_spans, rows)
        coarser = _COARSER.get(span.resolution)
        starts = () if coarser is None else (floor(span.at, coarser),)
        stored(conn, span.resolution, starts, len(rows) - before)
    conn.execute(
        delete(reading_dues).where(
            reading_dues.c.resolution == _seconds(span.resolution), reading_dues.c.at == span.at
        )
    )
    return True


def stock(conn: Connection) -> dict[timedelta, Stock]:
    """What is kept, by resolution."""
    found = {each: Stock(0, EPOCH) for each in RESOLUTIONS.values()}
    for row in conn.execute(select(reading_stock)):
        found[timedelta(seconds=row.resolution)] = Stock(row.rows, row.since)
    return found


def starts_of(milliseconds: Iterable[int]) -> set[datetime]:
    """When the minutes began that hold these moments, given in milliseconds since 1970."""
    length = round(MINUTE.total_seconds() * 1000)
    return {from_ms(each * length) for each in {at // length for at in milliseconds}}


def _of_readings(since: datetime, until: datetime) -> Select[tuple[object, ...]]:
    of = readings.c
    return (
        select(
            of.device,
            of.quantity,
            func.count().label("number"),
            func.min(of.value).label("low"),
            func.max(of.value).label("high"),
            func.sum(of.value).label("total"),
            func.max(of.unit).label("unit"),
        )
        .where(of.at >= since, of.at < until)
        .group_by(of.device, of.quantity)
    )


def _of_spans(finer: timedelta, since: datetime, until: datetime) -> Select[tuple[object, ...]]:
    of = reading_spans.c
    return (
        select(
            of.device,
            of.quantity,
            func.sum(of.number).label("number"),
            func.min(of.low).label("low"),
            func.max(of.high).label("high"),
            func.sum(of.total).label("total"),
            func.max(of.unit).label("unit"),
        )
        .where(of.resolution == _seconds(finer), of.at >= since, of.at < until)
        .group_by(of.device, of.quantity)
    )


def _n(conn: Connection, span: Due) -> int | None:
    mark = reading_dues.c
    here = (mark.resolution == _seconds(span.resolution)) & (mark.at == span.at)
    found = conn.execute(select(mark.n).where(here)).scalar()
    return found if isinstance(found, int) else None


def _seconds(resolution: timedelta) -> int:
    return round(resolution.total_seconds())


_ADDED = (
    update(reading_stock)
    .where(reading_stock.c.resolution == bindparam("of"))
    .values(rows=reading_stock.c.rows + bindparam("more"))
)
