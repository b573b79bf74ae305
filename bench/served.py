"""Served: the real hub on SQLite in a folder of its own, with the registry of a bench."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.settings import Settings
from hub.serve.house import House
from hub.serve.run import Running, running

PASSWORD = "only-for-the-bench"  # noqa: S105 - of a ledger that is thrown away


@asynccontextmanager
async def served(registry: str) -> AsyncIterator[Running]:
    """The hub, without workers, on a port that is free; `admin` has PASSWORD. All of it goes at the end."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {"data": Path(folder), "port": 0, "workers": 0, "admin_password": PASSWORD}
        )

        def prepare(house: House) -> None:
            house.door.apply(registry, name="bench", prune=False, dry_run=False, who="system")

        async with running(settings, prepare=prepare) as hub:
            yield hub
