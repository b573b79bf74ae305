"""A whole hub inside of the test's process, and a device that speaks to it: both real, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from config.settings import Settings
from hub.serve.house import House
from hub.serve.run import Running, running
from ingest.mqtt.client import Client
from tests.servers.wait import until

PASSWORD = "x" * 12
"""Of the administrator."""


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def hub_of(data: Path, registry: str, **settings: object) -> AsyncIterator[Running]:
    """A hub without workers; its first start on this data gives it this registry."""
    chosen = {"data": data, "port": 0, "workers": 0, "admin_password": PASSWORD, **settings}

    def prepare(house: House) -> None:
        if not house.door.registry().sites:
            house.door.apply(registry, name="test", prune=False, dry_run=False, who="system")

    async with running(Settings.model_validate(chosen), prepare=prepare) as it:
        yield it


@asynccontextmanager
async def publisher(url: str) -> AsyncIterator[Client]:
    """A device that is connected."""
    client = Client(url, "device", clock=now)
    client.start()
    await until(lambda: client.connected)
    yield client
    await asyncio.to_thread(client.stop, 3)
