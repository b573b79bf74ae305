"""Upsert: INSERT … ON CONFLICT, which SQLite and PostgreSQL write alike and SQLAlchemy keeps per dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

CHUNK = 500
"""Rows per statement: below the databases' limits of variables."""


def insert(conn: Connection, table: Table) -> sqlite.Insert:
    """An INSERT of this connection's dialect."""
    return insert_of(conn.dialect.name, table)


def insert_of(dialect: str, table: Table) -> sqlite.Insert:
    """An INSERT of the dialect of this name."""
    if dialect == "postgresql":
        # both classes have the same methods; one type keeps every caller free of the difference
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)


def put(conn: Connection, table: Table, row: Mapping[str, object]) -> None:
    """Writes one row, over the one with the same primary key."""
    conn.execute(_put(conn.dialect.name, table, tuple(row)), dict(row))


@cache
def _put(dialect: str, table: Table, names: tuple[str, ...]) -> sqlite.Insert:
    """Built once: building it costs more than running it."""
    keys = [column.name for column in table.primary_key]
    statement = insert_of(dialect, table).values({name: bindparam(name) for name in names})
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def put_all(conn: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Writes rows of the same columns, each over the one with the same primary key; no key twice."""
    if rows:
        conn.execute(_put(conn.dialect.name, table, tuple(rows[0])), [dict(each) for each in rows])


def add_missing(conn: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Writes the rows whose primary key is new, also among themselves; answers how many those were."""
    added = 0
    for start in range(0, len(rows), CHUNK):
        statement = insert(conn, table).values(rows[start : start + CHUNK]).on_conflict_do_nothing()
        # without the option SQLAlchemy forgets the count of an INSERT on PostgreSQL
        done = conn.execute(statement, execution_options={"preserve_rowcount": True})
        added += done.rowcount
    return added
