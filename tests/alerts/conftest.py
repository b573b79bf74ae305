"""Fixtures of the alert core: a ledger on SQLite and on a real PostgreSQL, and a small county."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.directory import Directory
from alerts.ledger.engine import Ledger
from tests.alerts.county import NOW, county
from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run; ask it for fresh databases."""
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """An open ledger of each kind."""
    opened = Ledger.open(database_url, clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def directory() -> Directory:
    """The small county."""
    return county()
