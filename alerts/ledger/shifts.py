"""Shifts: rows of the shifts table, their notes, and the chain of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Row, func, insert, select
from sqlalchemy.engine import Connection

from alerts.chain import START, seal
from alerts.ledger import counters
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.shift_tables import shift_notes, shift_records, shifts
from alerts.ledger.sieve import stands, visible
from alerts.ledger.upsert import put
from alerts.shift import Shift
from alerts.sight import Sight, Visibility
from ingest.errors import NotFound
from ingest.instant import format_instant

RECORDS = "shift-records"
RUNNING = ("open", "offered")


def save(conn: Connection, shift: Shift) -> None:
    """The shift as it is; the index refuses a second one that runs in the same area."""
    row = {
        "id": shift.id,
        "state": shift.state,
        "holder": shift.holder,
        "opened_at": shift.opened_at,
        "previous": shift.previous,
        "offered_at": shift.offered_at,
        "offer": None if shift.offer is None else dict(shift.offer),
        "digest": shift.digest,
        "taken_by": shift.taken_by,
        "ended_at": shift.ended_at,
        "reason": shift.reason,
        **stands(Visibility(area=shift.area)),
    }
    put(conn, shifts, row)


def load(conn: Connection, sight: Sight, shift: str) -> Shift:
    """One shift; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(shifts).where(shifts.c.id == shift, visible(sight, "shift", shifts))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no shift {shift}")
    return _shift(row)


def running(conn: Connection, area: str) -> Shift | None:
    """The shift that runs in a room, None when nobody keeps it."""
    row = conn.execute(select(shifts).where(shifts.c.area == area, shifts.c.state.in_(RUNNING))).one_or_none()
    return None if row is None else _shift(row)


def newest(conn: Connection, area: str) -> Shift | None:
    """The last shift of a room, whether it runs or not."""
    row = conn.execute(
        select(shifts).where(shifts.c.area == area).order_by(shifts.c.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _shift(row)


def before(conn: Connection, shift: Shift) -> Shift | None:
    """The shift that this one followed, None for a room's first."""
    row = conn.execute(select(shifts).where(shifts.c.id == shift.previous)).one_or_none()
    return None if row is None else _shift(row)


def running_in(conn: Connection, sight: Sight, areas: Collection[str] | None) -> list[Shift]:
    """The shifts that run in the rooms of these areas (None: all) and are visible, by area."""
    query = select(shifts).where(visible(sight, "shift", shifts), shifts.c.state.in_(RUNNING))
    if areas is not None:
        query = query.where(shifts.c.area.in_(sorted(areas)))
    return [_shift(row) for row in conn.execute(query.order_by(shifts.c.area))]


def page(
    conn: Connection,
    sight: Sight,
    *,
    areas: Collection[str] | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Shifts, the newest first."""
    query = (
        select(shifts)
        .where(visible(sight, "shift", shifts))
        .order_by(shifts.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if areas is not None:
        query = query.where(shifts.c.area.in_(sorted(areas)))
    if cursor is not None:
        query = query.where(shifts.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    items = [_shift(row).as_dict() for row in rows[:limit]]
    return Page(items, encode(rows[limit - 1].id) if more else None)


def add_note(conn: Connection, shift: str, *, who: str, text: str, now: datetime) -> None:
    """One more free note."""
    last = conn.execute(select(func.max(shift_notes.c.seq)).where(shift_notes.c.shift == shift)).scalar()
    conn.execute(insert(shift_notes).values(shift=shift, seq=(last or 0) + 1, at=now, who=who, text=text))


def notes(conn: Connection, shift: str) -> list[dict[str, object]]:
    """The free notes of a shift, in order."""
    rows = conn.execute(select(shift_notes).where(shift_notes.c.shift == shift).order_by(shift_notes.c.seq))
    return [{"seq": row.seq, "at": format_instant(row.at), "who": row.who, "text": row.text} for row in rows]


def keep(conn: Connection, shift: str, record: Mapping[str, object], *, now: datetime) -> str:
    """Seals a signed record onto the last one; answers its hash. There is no way to change it afterwards."""
    seq = counters.take(conn, RECORDS)
    last = conn.execute(select(shift_records.c.hash).order_by(shift_records.c.seq.desc()).limit(1)).scalar()
    entry = {**record, "seq": seq}
    sealed = seal(entry, str(last or START))
    conn.execute(insert(shift_records).values(seq=seq, shift=shift, at=now, entry=entry, hash=sealed))
    return sealed


def record(conn: Connection, shift: str) -> dict[str, object] | None:
    """The signed record of a shift with its hash, None before it was handed over."""
    row = conn.execute(
        select(shift_records.c.entry, shift_records.c.hash).where(shift_records.c.shift == shift)
    ).one_or_none()
    return None if row is None else {**row.entry, "hash": row.hash}


def _shift(row: Row[tuple[object, ...]]) -> Shift:
    return Shift(
        id=row.id,
        area=row.area,
        state=row.state,
        holder=row.holder,
        opened_at=row.opened_at,
        previous=row.previous,
        offered_at=row.offered_at,
        offer=row.offer,
        digest=row.digest,
        taken_by=row.taken_by,
        ended_at=row.ended_at,
        reason=row.reason,
    )
