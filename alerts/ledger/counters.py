"""Counters: numbers without gap or double: rows that are updated in the transaction that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningInsert

from alerts.ledger import pending
from alerts.ledger.tables import counters
from alerts.ledger.upsert import insert_of, put

EVENTS = "events"
AUDIT = "audit"
REJECTED = "rejected"


_HEAD = select(counters.c.value).where(counters.c.name == EVENTS).with_for_update()


def lock(conn: Connection) -> int:
    """Makes this transaction the only writer until its end; answers seq of the latest event before it.

    SQLite's BEGIN IMMEDIATE has done the former already.
    """
    return int(conn.execute(_HEAD).scalar() or 0)


def take(conn: Connection, name: str, many: int = 1) -> int:
    """The next number of `name`, from 1, or the last of the next `many`; given back when the transaction is undone.

    In an act of the ledger's writer, which is the only one until its commit, they are counted in memory.
    """
    act = pending.of(conn)
    if act is None:
        return int(conn.execute(_take(conn.dialect.name), {"name": name, "value": many}).scalar_one())
    if name not in act.numbers:
        act.found(name, _stored(conn, name))
    act.numbers[name] += many
    return act.numbers[name]


def keep(conn: Connection, numbers: Mapping[str, int]) -> None:
    """The last numbers that were taken."""
    for name, number in numbers.items():
        put(conn, counters, {"name": name, "value": number})


@cache
def _take(dialect: str) -> ReturningInsert[int]:
    """Built once: every event and every case takes a number."""
    row = insert_of(dialect, counters).values(name=bindparam("name"), value=bindparam("value"))
    row = row.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + row.excluded.value}
    )
    return row.returning(counters.c.value)


_VALUE = select(counters.c.value).where(counters.c.name == bindparam("name"))


def value(conn: Connection, name: str) -> int:
    """The last number taken of `name`, 0 when none was."""
    act = pending.of(conn)
    return act.numbers[name] if act is not None and name in act.numbers else _stored(conn, name)


def _stored(conn: Connection, name: str) -> int:
    return int(conn.execute(_VALUE, {"name": name}).scalar() or 0)


def starting(conn: Connection, prefix: str) -> dict[str, int]:
    """Every counter whose name begins with `prefix`."""
    rows = conn.execute(select(counters.c.name, counters.c.value).where(counters.c.name.startswith(prefix)))
    return {name: int(number) for name, number in rows}


def case_number(conn: Connection, year: int) -> str:
    """The next case number of a year: `2026-000001`."""
    return f"{year:04d}-{take(conn, f'case:{year:04d}'):06d}"
