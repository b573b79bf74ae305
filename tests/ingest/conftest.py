"""A real broker for one test, clients of it, and a way to wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.mqtt.client import Client
from ingest.mqtt.health import Will
from tests.ingest.clients import Make, now
from tests.servers.broker import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """One that runs."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with Mosquitto(folder) as running:
        yield running


@pytest.fixture
def client(broker: Mosquitto) -> Iterator[Make]:
    """Makes clients of that broker, or of the address given; each is stopped afterwards."""
    made: list[Client] = []

    def make(client_id: str, url: str = "", will: Will | None = None, **more: int) -> Client:
        made.append(Client(url or broker.url, client_id, clock=now, will=will, **more))
        return made[-1]

    yield make
    for each in made:
        each.stop(2)


def until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait until `condition()` is true; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not true within {timeout} s"
        time.sleep(0.02)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """As an argument, so that a test's text says what it waits for."""
    return until
