"""One served house per test file: a small county with incidents in both towns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.house import House, default_settings, open_house


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with the house's registry: made once (passwords are slow to hash), copied by every house."""
    folder = tmp_path_factory.mktemp("template")
    House(folder, default_settings(folder)).close()
    return folder / "ledger.db"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[House]:
    """A served house that also lets guests in; its own for each test file."""
    folder = tmp_path_factory.mktemp("house")
    settings = default_settings(folder, guest=True, logins_per_minute=5)
    with open_house(folder, settings, template) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The API is tested through real HTTP on a real ledger: all of it is left out by `make check`."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
