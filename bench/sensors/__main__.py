"""Sensor messages: from the broker to a committed reading with its rule, beside a bare MQTT client that only counts.

Both consumers read the same mosquitto, from the same publisher, QoS 1, one after the other. The bare client shows
what the client library itself can take here; the hub decodes, stores, judges by a rule and acknowledges after the
commit.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.ledger.tally import counts
from bench.figures import Figures
from config.settings import Settings
from hub.serve.house import House
from hub.serve.run import running
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message

ABOUT = "sensor messages per second, QoS 1, from publish to acknowledgement after the commit"
MESSAGES = 3000
REPEATS = 5
TIMEOUT = 120.0
TOPIC = "hub/v1/k1/k1-t/telemetry"
REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
devices: [{id: k1-t, site: k1, kind: sensor}]
rules: [{id: warm, kind: threshold, sites: [k1], quantity: temperature, above: 8, severity: major}]
routes: [{unit: duty-room}]
"""


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def run() -> Figures:
    """Measure both, interleaved."""
    return asyncio.run(_run())


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table."""
    if arguments:
        print(f"unknown: {' '.join(arguments)}")
        return 2
    print(run().table())
    return 0


async def _run() -> Figures:
    figures = Figures("messages/s")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {"data": Path(folder), "port": 0, "workers": 0, "admin_password": "only-for-the-bench"}
        )

        def prepare(house: House) -> None:
            house.door.apply(REGISTRY, name="bench", prune=False, dry_run=False, who="system")

        async with running(settings, prepare=prepare) as hub:
            publisher = Client(
                hub.mqtt, "bench-publisher", clock=now, max_queued=MESSAGES + 10, inflight=1000
            )
            publisher.start()
            counted = _Counter(hub.mqtt)
            await _until(lambda: publisher.connected and counted.client.connected)
            await asyncio.sleep(1)
            start = now() - timedelta(minutes=5)
            for repeat in range(REPEATS):
                figures.add("bare MQTT client", await asyncio.to_thread(_publish, publisher, counted))
                begin = start + timedelta(seconds=repeat * 10)
                figures.add("hub", await asyncio.to_thread(_through_hub, publisher, hub.house, begin))
                print(f"  repeat {repeat + 1} of {REPEATS}", flush=True)
            publisher.stop(5)
            counted.client.stop(5)
    return figures


class _Counter:
    """The bare client: counts and acknowledges."""

    def __init__(self, url: str) -> None:
        self.seen = 0
        self.client = Client(url, "bench-counter", clock=now)
        self.client.subscribe([("bench/#", 1)], self._count)
        self.client.start()

    def _count(self, _message: Message, ack: Ack) -> None:
        self.seen += 1
        ack()


def _publish(publisher: Client, counted: _Counter) -> float:
    wanted = counted.seen + MESSAGES
    return _timed(publisher, "bench/count", now(), lambda: counted.seen >= wanted)


def _through_hub(publisher: Client, house: House, begin: datetime) -> float:
    wanted = _stored(house) + MESSAGES
    return _timed(publisher, TOPIC, begin, lambda: _stored(house) >= wanted)


def _timed(publisher: Client, topic: str, begin: datetime, done: Callable[[], bool]) -> float:
    """Messages per second until `done()`."""
    started = time.monotonic()
    for number in range(MESSAGES):
        at = format_instant(begin + timedelta(milliseconds=number))
        publisher.publish(topic, json.dumps({"ts": at, "values": {"temperature": 4.0}}).encode(), qos=1)
    while not done():
        if time.monotonic() - started > TIMEOUT:
            raise TimeoutError(f"not within {TIMEOUT} s on {topic}")
        time.sleep(0.01)
    return MESSAGES / (time.monotonic() - started)


def _stored(house: House) -> int:
    with house.ledger.read() as conn:
        return counts(conn).readings.get("k1-t", 0)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another thread makes it true
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
