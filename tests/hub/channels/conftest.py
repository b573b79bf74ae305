"""What every test of a channel has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.channels.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One site, no channel yet."""
    made = House(tmp_path)
    yield made
    made.ledger.close()
