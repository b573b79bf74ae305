"""One served house per test file: a small county with incidents in both towns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.house import House, default_settings, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A served house that also lets guests in; its own for each test file."""
    folder: Path = tmp_path_factory.mktemp("house")
    with open_house(folder, default_settings(folder, guest=True, logins_per_minute=5)) as opened:
        yield opened
