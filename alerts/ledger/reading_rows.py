"""Reading rows: many readings written at once, by the quickest way that each database has.

SQLite takes a hundred rows in one prepared INSERT: its driver lets other threads have the interpreter at every
statement, and waits to get it back. PostgreSQL answers each row over a socket, so there a batch goes as one array for
each column. Rows are tuples: building a mapping for each costs more than storing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy.engine import Connection

from alerts.ledger.columns import to_ms
from ingest.reading import Reading

Row = tuple[str, str, int, str, float, str, int, str]
"""device, quantity, at, message_id, value, unit, received_at, quality; instants in milliseconds since 1970."""
Key = tuple[str, str, int, str]
"""device, quantity, at, message_id: what makes a reading one."""

TOGETHER = 100
"""Rows of one statement on SQLite."""
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
_SQLITE = (
    "INSERT INTO readings (device, quantity, at, message_id, value, unit, received_at, quality)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_SQLITE_TOGETHER = _SQLITE.replace(_ROW, ", ".join([_ROW] * TOGETHER))
_POSTGRESQL = (
    "INSERT INTO readings (device, quantity, at, message_id, value, unit, received_at, quality)"
    " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::float8[], %s::text[],"
    " %s::bigint[], %s::text[]) ON CONFLICT DO NOTHING"
)


def key_of(reading: Reading) -> Key:
    """What makes it one: stored twice it is one row."""
    return reading.device, reading.quantity, to_ms(reading.at), reading.message_id


class _Moments(dict[datetime, int]):
    """Milliseconds of each moment, counted once: the readings of a message share theirs."""

    def __missing__(self, at: datetime) -> int:
        found = self[at] = to_ms(at)
        return found


def rows_of(new: Iterable[Reading]) -> list[Row]:
    """As they are stored."""
    ms = _Moments()
    return [
        (device, quantity, ms[at], message_id, float(value), unit, ms[received_at], quality)
        for device, quantity, value, unit, at, received_at, quality, message_id in new
    ]


def write(conn: Connection, rows: Sequence[Row]) -> int:
    """Writes the rows whose key is new, also among themselves; answers how many those were."""
    if not rows:
        return 0
    if conn.dialect.name == "postgresql":
        return _run(conn, _POSTGRESQL, tuple(list(column) for column in zip(*rows, strict=True)))
    whole = len(rows) - len(rows) % TOGETHER
    added = sum(
        _run(conn, _SQLITE_TOGETHER, tuple(chain.from_iterable(rows[start : start + TOGETHER])))
        for start in range(0, whole, TOGETHER)
    )
    return added + (_run(conn, _SQLITE, list(rows[whole:])) if whole < len(rows) else 0)


def _run(conn: Connection, statement: str, values: tuple[object, ...] | list[Row]) -> int:
    # without the option SQLAlchemy forgets the count of an INSERT
    return conn.exec_driver_sql(statement, values, execution_options={"preserve_rowcount": True}).rowcount
