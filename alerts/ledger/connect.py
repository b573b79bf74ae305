"""Connect: engines for writing and reading, tuned the same way wherever the ledger is opened."""

from __future__ import annotations

import json
import sqlite3
from typing import Protocol

import orjson
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ingest.errors import InvalidSetting

BUSY_SECONDS = 5.0
"""How long a connection waits for another's lock, and for PostgreSQL to answer the door."""

STATEMENT_MS = 15_000
"""No statement of a screen runs longer."""

READERS = 16
"""Connections for readers; more readers wait their turn."""

WRITER_CACHE = 32 * 1024
"""KiB of pages that SQLite's writer keeps (its default: 2,000): each of some thousand series of readings grows at a
page of its own, and a page that was given up within a transaction is written and read once more."""

CHECKPOINT = 8_000
"""Pages in SQLite's log before they are copied into the database (its default: 1,000): 32 MB. The same pages come with
every commit, and are copied once for all of them."""


class _Cursor(Protocol):
    def execute(self, statement: str) -> object: ...
    def close(self) -> None: ...


def parse_url(text: str) -> URL:
    """The database's address; `postgresql://` means psycopg. Raises InvalidSetting for other databases."""
    try:
        url = make_url(text)
    except (ArgumentError, NoSuchModuleError) as wrong:
        raise InvalidSetting(
            "the database URL cannot be read",
            where="HUB_DATABASE_URL",
            mend="write sqlite:////path/ledger.db or postgresql+psycopg://user@host/name",
        ) from wrong
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise InvalidSetting(
            f"no ledger on {url.drivername}", where="HUB_DATABASE_URL", mend="use SQLite or PostgreSQL"
        )
    if url.drivername.startswith("sqlite") and url.database in {None, "", ":memory:"}:
        raise InvalidSetting("a ledger in memory would be lost", where="HUB_DATABASE_URL", mend="name a file")
    return url


def writing_engine(text: str) -> Engine:
    """For the writer thread and for migrations: every transaction locks from its first statement."""
    return _engine(text, reading=False)


def reading_engine(text: str) -> Engine:
    """For everybody else: cannot write, and sees one steady state per transaction."""
    return _engine(text, reading=True)


def _engine(text: str, *, reading: bool) -> Engine:
    url = parse_url(text)
    size = READERS if reading else 1
    if url.drivername.startswith("sqlite"):
        engine = sqlalchemy.create_engine(
            url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
            json_serializer=_dump,
            json_deserializer=orjson.loads,
        )
        _tune_sqlite(engine, reading=reading)
        return engine
    options = f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={STATEMENT_MS}"
    if reading:
        options += " -c default_transaction_read_only=on"
    return sqlalchemy.create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ" if reading else "READ COMMITTED",
        connect_args={"connect_timeout": int(BUSY_SECONDS), "options": options},
        json_serializer=_dump,
        json_deserializer=orjson.loads,
    )


def _tune_sqlite(engine: Engine, *, reading: bool) -> None:
    """BEGIN is ours, not the driver's: or a read would not be steady, nor a write safe."""
    pragmas = (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}",
        *(
            ("PRAGMA query_only=ON",)
            if reading
            else (f"PRAGMA cache_size=-{WRITER_CACHE}", f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
        ),
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        cursor: _Cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


# Reading is orjson's, for it is most of what an act and a page of a list do; writing is Python's, which refuses
# numbers that are none where orjson writes null.
def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
