"""Migrations: every step from every revision, with rows in it, ends at the tables the code means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select
from sqlalchemy.engine import Connection, Engine

from alerts.ledger import schema
from alerts.ledger.connect import writing_engine

REVISIONS = [each.revision for each in ScriptDirectory.from_config(schema.config()).walk_revisions()][::-1]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = writing_engine(database_url)
    yield made
    made.dispose()


def example(table: Table, number: int) -> dict[str, object]:
    """A row that fits whatever columns the table has at its revision."""
    fixed: dict[str, object] = {
        "state": {
            "incidents": "open",
            "outbox": "pending",
            "evidence": "pending",
            "webhooks": "on",
            "deliveries": "pending",
            "shifts": "open",
            "test_alarms": "passed",
            "attachments": "ready",
        }.get(table.name, "open"),
        "case_id": "cases-0",
        "incident_id": "incidents-0",
        "hook": "webhooks-0",
        "notice": "notices-0",
        "shift": f"shifts-{number}",
        "area": f"area-{number}",
        "group_key": f"group-{number}",
        "phase": "after",
        "kind": "room",  # one that watches know
        "place": f"place-{number}",
    }
    row: dict[str, object] = {}
    for column in table.columns:
        kind = column.type.python_type
        if column.name in fixed:
            row[column.name] = fixed[column.name]
        elif kind is str:
            row[column.name] = f"{table.name}-{number}"[:64]
        elif kind is bool:
            row[column.name] = True
        elif kind in {int, float}:
            row[column.name] = kind(number + 1)
        elif kind is bytes:
            row[column.name] = b"\x00\xff"
        else:
            row[column.name] = {"some": ["json", number]}
    return row


def fill(conn: Connection) -> dict[str, list[dict[str, object]]]:
    """Two rows in every table of the present revision, answered as they were written."""
    now = MetaData()
    now.reflect(conn)
    written: dict[str, list[dict[str, object]]] = {}
    for table in now.sorted_tables:
        if table.name in {"alembic_version", "counters", "reading_stock"}:  # a migration has filled them
            continue
        owned = {"case_id", "incident_id", "notice"} & set(table.primary_key.columns.keys())
        twice = 1 if owned else 2
        rows = [example(table, number) for number in range(twice)]
        conn.execute(insert(table), rows)
        written[table.name] = rows
    return written


def test_the_migrations_end_at_the_tables(engine: Engine) -> None:
    """Alembic finds no difference between what the migrations made and what the code declares."""
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, schema.declared()) == []
        assert schema.revision(conn) == schema.head() == REVISIONS[-1]


@pytest.mark.parametrize(
    "before", [*(pytest.param(each, marks=pytest.mark.slow) for each in REVISIONS[:-2]), REVISIONS[-2]]
)
def test_an_upgrade_keeps_every_row(engine: Engine, before: str) -> None:
    """From each earlier revision, filled with rows, to the newest: the same rows are there."""
    schema.upgrade(engine, before)
    with engine.connect() as conn, conn.begin():
        written = fill(conn)
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        now = MetaData()
        now.reflect(conn)
        for name, rows in written.items():
            found = [dict(row._mapping) for row in conn.execute(select(now.tables[name]))]
            kept = [{key: each[key] for key in rows[0]} for each in found]
            assert sorted(kept, key=str) == sorted(rows, key=str), name


def test_opening_twice_changes_nothing(engine: Engine) -> None:
    """The second start finds everything done."""
    schema.upgrade(engine)
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        assert schema.revision(conn) == REVISIONS[-1]


def test_down_and_up_again(engine: Engine) -> None:
    """Each downgrade works, so that a mistaken upgrade can be taken back."""
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        command.downgrade(schema.config(conn), "base")
        assert set(inspect(conn).get_table_names()) == {"alembic_version"}
    schema.upgrade(engine)


def test_every_constraint_has_a_name() -> None:
    """SQLite's batch migrations can only find what has a name."""
    for table in schema.declared().sorted_tables:
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
        for index in table.indexes:
            assert index.name, table.name
