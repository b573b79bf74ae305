"""Notices over MQTT, to a real mosquitto."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.mqtt.client import Client
from tests.hub.channels.house import House, nothing_private
from tests.servers.broker import Mosquitto
from tests.servers.wait import until

pytestmark = pytest.mark.slow


@dataclass
class Listener:
    """What a subscriber heard."""

    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real one."""
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Listener]:
    """Subscribed to everything."""
    found = Listener()
    client = Client(broker.url, "listener", clock=lambda: datetime.now(UTC), session_expiry=0)

    def handle(message: object, ack: Callable[[], None]) -> None:
        found.heard.append((message.topic, json.loads(message.payload)))  # type: ignore[attr-defined] # a Message
        ack()

    client.subscribe([("#", 1)], handle)
    client.start()
    for _ in range(200):
        if client.connected:
            break
        threading.Event().wait(0.05)
    yield found
    client.stop()


async def test_mqtt_on_the_own_broker_and_on_another(
    house: House, broker: Mosquitto, listener: Listener
) -> None:
    """Acknowledged by the broker, on the topic of the channel, with the message id inside."""
    house.own = Client(broker.url, "hub", clock=house.now)
    house.own.start()
    house.apply(f"""channels:
      - {{id: screen, kind: mqtt}}
      - {{id: city, kind: mqtt, url: "{broker.url}", topic: county/notices}}""")
    async with house.sending():
        key = house.tell("screen", "city")
        await until(lambda: len(listener.heard) == 2, "heard")
        await until(lambda: house.figures("city").pending == house.figures("screen").pending == 0, "noted")
    house.own.stop()
    topics = dict(listener.heard)
    assert set(topics) == {"hub/notices/screen", "county/notices"}
    assert topics["county/notices"]["id"] == f"{key}.city"
    nothing_private(json.dumps(listener.heard))


async def test_mqtt_waits_for_its_broker(house: House, tmp_path: Path) -> None:
    """A broker that is away is an outcome; when it is there the notice comes once."""
    broker = Mosquitto(tmp_path)
    house.own = Client(broker.url, "hub", clock=house.now)
    house.own.start()
    house.apply("channels: [{id: screen, kind: mqtt}]")
    async with house.sending() as sender:
        house.tell("screen")
        await until(lambda: sender.degraded() == {"channel-screen": "unreachable"}, "shown")
        with broker:
            house.shift += timedelta(minutes=6)
            await until(lambda: house.figures("screen").pending == 0, "taken")
    house.own.stop()
