"""Fixtures of the alert core: a ledger on SQLite and on a real PostgreSQL, and a small county."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, make_url

from alerts.directory import Directory
from alerts.ledger import schema
from alerts.ledger.engine import Ledger
from tests.alerts.county import NOW, county
from tests.alerts.duty_room import staffed_county
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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger just opened and closed, to be copied: migrating takes longer than most tests."""
    made = tmp_path_factory.mktemp("template") / "ledger.db"
    Ledger.open(f"sqlite:///{made}", clock=lambda: NOW).close()
    return made


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The same on PostgreSQL: the name of a database."""
    url = postgres.new_database()
    Ledger.open(url, clock=lambda: NOW).close()
    return str(make_url(url).database)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """An open, empty ledger of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.db")
        url = f"sqlite:///{tmp_path}/ledger.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database(request.getfixturevalue("postgres_template"))
    opened = Ledger.open(url, clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def directory() -> Directory:
    """The small county."""
    return county()


@pytest.fixture
def staffed() -> Directory:
    """The small county with a room that has a day and a night, two people each; NOW is 16:00 there."""
    return staffed_county()


@pytest.fixture
def conn() -> Iterator[Connection]:
    """An empty ledger in memory: its tables and nothing else."""
    engine = create_engine("sqlite://")
    with engine.connect() as opened, opened.begin():
        schema.declared().create_all(opened)
        yield opened
    engine.dispose()
