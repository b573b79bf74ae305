"""Schema: brings a ledger to the newest revision with Alembic; the first open creates everything."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from alerts import ledger
from alerts.ledger.metadata import metadata
from ingest.errors import LedgerAway

MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK = 0x68756231
"""Advisory lock: two hubs that start together must not both create the tables."""


def declared() -> MetaData:
    """Every table that the code declares: those of tables.py and of the files beside it named `<noun>_tables`."""
    for found in pkgutil.iter_modules(ledger.__path__):
        if found.name == "tables" or found.name.endswith("_tables"):
            import_module(f"{ledger.__name__}.{found.name}")
    return metadata


def config(conn: Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if conn is not None:
        settings.attributes["connection"] = conn
    return settings


def head() -> str:
    """The newest revision."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def revision(conn: Connection) -> str | None:
    """The revision of an open ledger, None before the first."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Upgrades in one transaction; raises LedgerAway for a database that is away or of a newer hub."""
    try:
        with engine.connect() as conn, conn.begin():
            if conn.dialect.name == "postgresql":
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})
            command.upgrade(config(conn), to)
    except CommandError as wrong:
        raise LedgerAway(
            f"the ledger cannot be upgraded: {wrong}",
            reason="schema",
            mend="it was written by a newer hub: start that one, or restore a backup",
        ) from wrong
    except DBAPIError as wrong:
        raise LedgerAway(
            f"the ledger cannot be opened: {str(wrong.orig).splitlines()[0]}",
            reason="open",
            mend="check HUB_DATABASE_URL and that the database runs",
        ) from wrong
