"""Revision 0007 with clocks in it: limits in milliseconds become texts, and the cases read on as they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlalchemy.engine import Connection, Engine

from alerts.clock import Clock
from alerts.ledger import cases, schema
from alerts.ledger.columns import to_ms
from alerts.ledger.connect import writing_engine
from alerts.limit import parse_limit
from alerts.sight import Sight
from tests.alerts.county import NOW

HOUR = timedelta(hours=1)
START = NOW - 5 * HOUR

Stored = dict[str, object]


def old(step: str, limit: timedelta, **ends: object) -> Stored:
    """A clock as revision 0006 kept it, begun at START."""
    at, length = to_ms(START), round(limit / timedelta(milliseconds=1))
    base = {"step": step, "limit": length, "started_at": at, "due_at": at + length}
    return {**base, "paused_at": None, "done_at": None, **ends}


CASES: dict[str, tuple[str, list[Stored]]] = {
    "running": ("open", [old("accept", HOUR, done_at=to_ms(START + HOUR)), old("report", 4 * HOUR)]),
    "paused": ("paused", [old("handle", timedelta(days=2), paused_at=to_ms(START + HOUR))]),
    "closed": ("closed", [old("accept", HOUR, done_at=to_ms(START + HOUR))]),
    "bare": ("open", []),
}
"""Id of a case → its state and its clocks."""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A ledger of revision 0006 that was in use."""
    made = writing_engine(database_url)
    schema.upgrade(made, "0006")
    with made.connect() as conn, conn.begin():
        now = MetaData()
        now.reflect(conn)
        for number, (key, (state, clocks)) in enumerate(CASES.items(), 1):
            row = {
                "id": key, "number": f"2026-{number:06d}", "workflow": "seven-step", "step": "report", "state": state,
                "kind": "threshold", "category": "fridge-warm", "severity": "major", "units": "",
                "mastered_by": "hub", "source": "hub", "title": "冰箱", "description": "", "clocks": clocks,
                "opened_at": to_ms(START), "updated_at": to_ms(START), "handlers": [], "extension_asked": False,
                "version": 0,
            }  # fmt: skip
            conn.execute(insert(now.tables["cases"]).values(**row))
    yield made
    made.dispose()


def rows(conn: Connection, *names: str) -> dict[str, tuple[object, ...]]:
    """These columns of every case."""
    now = MetaData()
    now.reflect(conn)
    table = now.tables["cases"]
    found = conn.execute(select(table.c.id, *(table.c[name] for name in names)))
    return {row[0]: tuple(row[1:]) for row in found}


def test_clocks_read_on(engine: Engine) -> None:
    """Same limits, same ends; yellow at three quarters; only what runs in an open case turns red by itself."""
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        found = {key: cases.load(conn, Sight.everything(), key) for key in CASES}
        red = {key: row[0] for key, row in rows(conn, "red_from").items()}
    limit = parse_limit("14400000ms")
    assert limit.length == 4 * HOUR
    assert found["running"].clocks[1] == Clock("report", limit, START, START + 3 * HOUR, START + 4 * HOUR)
    assert found["running"].clocks[0].done_at == START + HOUR
    assert found["paused"].clocks[0].paused_at == START + HOUR
    assert found["paused"].clocks[0].due_at == START + timedelta(days=2)
    assert [len(found[key].clocks) for key in CASES] == [2, 1, 1, 0]
    assert red == {"running": to_ms(START + 4 * HOUR), "paused": None, "closed": None, "bare": None}


def test_and_back(engine: Engine) -> None:
    """A downgrade gives the older hub what it wrote."""
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        command.downgrade(schema.config(conn), "0006")
        assert rows(conn, "clocks") == {key: (clocks,) for key, (_, clocks) in CASES.items()}
