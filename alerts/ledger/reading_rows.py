"""Reading rows: many readings written at once, by the quickest way that each database has.

SQLite runs a prepared INSERT row by row at no cost to speak of; PostgreSQL answers each row over a socket, so there a
batch goes as one array for each column. Rows are tuples: building a mapping for each costs more than storing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.engine import Connection

from alerts.ledger.columns import to_ms
from ingest.reading import Reading

Row = tuple[str, str, int, str, float, str, int, str]
"""device, quantity, at, message_id, value, unit, received_at, quality; instants in milliseconds since 1970."""
Key = tuple[str, str, int, str]
"""device, quantity, at, message_id: what makes a reading one."""

_SQLITE = (
    "INSERT INTO readings (device, quantity, at, message_id, value, unit, received_at, quality)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_POSTGRESQL = (
    "INSERT INTO readings (device, quantity, at, message_id, value, unit, received_at, quality)"
    " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::float8[], %s::text[],"
    " %s::bigint[], %s::text[]) ON CONFLICT DO NOTHING"
)


def key_of(reading: Reading) -> Key:
    """What makes it one: stored twice it is one row."""
    return reading.device, reading.quantity, to_ms(reading.at), reading.message_id


def rows_of(new: Iterable[Reading]) -> list[Row]:
    """As they are stored."""
    return [
        (
            each.device,
            each.quantity,
            to_ms(each.at),
            each.message_id,
            float(each.value),
            each.unit,
            to_ms(each.received_at),
            each.quality,
        )
        for each in new
    ]


def write(conn: Connection, rows: Sequence[Row]) -> int:
    """Writes the rows whose key is new, also among themselves; answers how many those were."""
    if not rows:
        return 0
    # without the option SQLAlchemy forgets the count of an INSERT
    options = {"preserve_rowcount": True}
    if conn.dialect.name == "postgresql":
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        done = conn.exec_driver_sql(_POSTGRESQL, columns, execution_options=options)
    else:
        done = conn.exec_driver_sql(_SQLITE, list(rows), execution_options=options)
    return done.rowcount
