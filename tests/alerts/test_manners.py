"""Manners: Alertmanager's, played against real ledgers, straight through and with a restart after every step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.alerts.play import Scenario, Stage, county_of, expected, order, scenarios
from tests.servers.postgres import Postgres

ALL = scenarios("waiting", "acknowledged", "routes", "keeper", "muted")


def run(scenario: Scenario, url: str, *, interrupted: bool) -> list[dict[str, object]]:
    stage = Stage(url, county_of(scenario.registry), interrupted)
    try:
        stage.run(scenario.play)
        told = stage.told()
    finally:
        stage.ledger.close()
    wanted = expected(scenario)
    for one, other in zip(told, wanted, strict=False):
        if "channels" not in other:
            del one["channels"]
    return sorted(told, key=order)


@pytest.mark.parametrize("scenario", ALL, ids=lambda each: each.name)
def test_who_is_told_when_and_why(scenario: Scenario, sqlite_template: Path, tmp_path: Path) -> None:
    """Each scenario gives the notices that it names, and no other."""
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    told = run(scenario, f"sqlite:///{tmp_path}/ledger.db", interrupted=False)
    assert told == expected(scenario), scenario.reason


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ALL, ids=lambda each: each.name)
def test_a_restart_between_any_two_steps_changes_nothing(
    scenario: Scenario, sqlite_template: Path, tmp_path: Path
) -> None:
    """The hub ends after every transaction and starts again: the same notices, none lost and none doubled."""
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    told = run(scenario, f"sqlite:///{tmp_path}/ledger.db", interrupted=True)
    assert told == expected(scenario), scenario.reason


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ALL, ids=lambda each: each.name)
def test_the_same_on_postgresql(scenario: Scenario, postgres: Postgres, postgres_template: str) -> None:
    """The same notices on the other database."""
    told = run(scenario, postgres.new_database(postgres_template), interrupted=False)
    assert told == expected(scenario), scenario.reason
