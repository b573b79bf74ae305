"""Small disks for tests of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.disk import SmallDisk, small_disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A function that makes them."""
    with small_disks(tmp_path) as make:
        yield make
