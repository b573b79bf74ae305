"""Counters: numbers without gap or double: rows that are updated in the transaction that uses them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import counters
from alerts.ledger.upsert import insert

EVENTS = "events"
AUDIT = "audit"
REJECTED = "rejected"


def lock(conn: Connection) -> None:
    """Makes this transaction the only writer until its end (SQLite's BEGIN IMMEDIATE has done so already)."""
    conn.execute(select(counters.c.value).where(counters.c.name == EVENTS).with_for_update())


def take(conn: Connection, name: str) -> int:
    """The next number of `name`, from 1; given back when the transaction is undone."""
    row = insert(conn, counters).values(name=name, value=1)
    row = row.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    return int(conn.execute(row.returning(counters.c.value)).scalar_one())


def value(conn: Connection, name: str) -> int:
    """The last number taken of `name`, 0 when none was."""
    found = conn.execute(select(counters.c.value).where(counters.c.name == name)).scalar()
    return int(found or 0)


def starting(conn: Connection, prefix: str) -> dict[str, int]:
    """Every counter whose name begins with `prefix`."""
    rows = conn.execute(select(counters.c.name, counters.c.value).where(counters.c.name.startswith(prefix)))
    return {name: int(number) for name, number in rows}


def case_number(conn: Connection, year: int) -> str:
    """The next case number of a year: `2026-000001`."""
    return f"{year:04d}-{take(conn, f'case:{year:04d}'):06d}"
