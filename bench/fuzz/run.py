"""Run: a real broker, a real hub in this process, and everything that is published, acknowledged and accounted for."""

from __future__ import annotations

import asyncio
import json
import resource
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import Counter

from alerts.ledger import offers, readings
from alerts.sight import Sight
from bench.fuzz.account import Account, Row, account, counted
from bench.fuzz.devices import ADOPTED, ANNOUNCED, EVIL, EVIL_DEVICE, registry
from bench.fuzz.payloads import Maker, Sent
from config.settings import Settings
from hub.serve.house import House
from hub.serve.run import running
from ingest.decode import conventions
from ingest.instant import parse_instant
from ingest.mqtt.client import Client
from tests.servers.wait import until

AHEAD = 2_000
"""Messages that may be published and not yet counted: less than the hub has room for."""
PATIENCE = 120
"""Seconds for all of them to be counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen.

    Attributes:
        account: What was sent and stored.
        metrics: The hub's own counters afterwards.
        offers: Unknown devices that are kept.
        megabytes: Largest resident memory of this process, the hub and the publisher together.
        seconds: From the first message to the last that was counted.
    """

    account: Account
    metrics: dict[str, float]
    offers: int
    megabytes: float
    seconds: float


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def clock_ms() -> datetime:
    """The same to the millisecond, as it is stored."""
    at = now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


async def fuzz(folder: Path, *, seed: int, number: int) -> Report:
    """Publish so many; raises nothing for what went wrong: it is in the account."""
    settings = Settings.model_validate(
        {"data": folder, "port": 0, "workers": 0, "admin_password": "x" * 12, "test_alarm_at": ""}
    )

    def prepare(house: House) -> None:
        house.door.apply(registry(), name="fuzz", prune=False, dry_run=False, who="system")

    begun = clock_ms()
    filters = [each for kind in conventions().values() for each in kind.filters]
    maker = Maker(seed, filters)
    sent: list[Sent] = []
    async with running(settings, prepare=prepare) as it:
        client = Client(it.mqtt, "fuzz", clock=now)
        client.start()
        await until(lambda: client.connected)
        said = _Said(it.house, client)
        adopted = await _introduce(it.house, said, maker, sent)
        for each in maker.messages(number, clock_ms):
            sent.append(each)
            await said.say(each.topic, each.payload)
        await said.settled()
        seconds = (now() - begun).total_seconds()
        await asyncio.to_thread(client.stop, 5)
        metrics = said.metrics()
        ready = {name: part.state for name, part in it.house.components().items() if part.state == "failed"}
        rows = _rows(it.house)
        with it.house.ledger.read() as conn:
            waiting = len(offers.everyone(conn))
    found = account(sent, rows, adopted=adopted, begun=begun, ended=now())
    found.wrong += counted(metrics, said.published)
    found.wrong += [f"the part {name} failed" for name in ready]
    if waiting > offers.MOST + offers.SLACK:
        found.wrong.append(f"{waiting} offers are kept")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Report(found, metrics, waiting, megabytes, seconds)


class _Said:
    """Publishes no faster than the hub counts, so that nothing is held back for want of room."""

    def __init__(self, house: House, client: Client) -> None:
        self._house = house
        self._client = client
        self._flying: deque[Future[None]] = deque()
        self.published = 0
        self._before = 0.0

    async def say(self, topic: str, payload: bytes) -> None:
        """One message of QoS 1."""
        self._flying.append(self._client.publish(topic, payload, qos=1))
        self.published += 1
        while len(self._flying) > AHEAD // 4:
            await asyncio.wrap_future(self._flying.popleft())
        if self.published % 100 == 0:
            await until(lambda: self.published - self.counted() <= AHEAD, within=PATIENCE)

    async def settled(self) -> None:
        """Everything was acknowledged to us, and everything that reached the hub by it."""
        while self._flying:
            await asyncio.wrap_future(self._flying.popleft())
        await until(lambda: self.counted() >= self.published, within=PATIENCE)
        await asyncio.sleep(1)
        await until(lambda: self._health() == self.counted(), within=PATIENCE)

    async def drained(self) -> None:
        """After what may not reach the hub at all: count from here."""
        while self._flying:
            await asyncio.wrap_future(self._flying.popleft())
        await asyncio.sleep(2)
        self.published, self._before = 0, self._total()
        self._received = self._house.sensor_client.health().received

    def counted(self) -> float:
        """Messages of `hub_payloads_total`."""
        return self._total() - self._before

    def metrics(self) -> dict[str, float]:
        """The hub's own counters."""
        return {
            "payloads": self.counted(),
            "rejected": _sum(self._house.counted.rejected),
            "errors": _sum(self._house.counted.errors)
            + _sum(self._house.counted.rejected, reason="internal-error"),
        }

    def _total(self) -> float:
        return _sum(self._house.counted.payloads)

    def _health(self) -> float:
        return self._house.sensor_client.health().received - self._received

    _received = 0


def _sum(counter: Counter, **labels: str) -> float:
    """Of a counter, over the labels that are not named."""
    samples = [each for one in counter.collect() for each in one.samples if each.name.endswith("_total")]
    return sum(each.value for each in samples if labels.items() <= each.labels.items())


async def _introduce(house: House, said: _Said, maker: Maker, sent: list[Sent]) -> str:
    """Announcements, evil templates and what they would read, and one device that is adopted; answers its id."""
    for topic, body in ANNOUNCED.items():
        await said.say(topic, body)
    for n, template in enumerate(EVIL):
        await said.say(f"homeassistant/sensor/evil-{n}/config", _announcement(n, template))
    await said.drained()
    for n in range(len(EVIL)):
        for payload in (b'{"t": 4.4444}', b"4.4444", b'{"a": {"a": 4.4444}, "__class__": "4.4444x"}'):
            await said.say(f"ha/{EVIL_DEVICE}/{n}", payload)
    await said.drained()
    first = Sent("adopted", ADOPTED.topic, b"", maker.value(), "", None, ("backfilled",))
    sent.append(first)
    await said.say(ADOPTED.topic, json.dumps({"temperature": first.value}).encode())
    await said.settled()
    with house.ledger.read() as conn:
        [offer] = [each for each in offers.everyone(conn) if each.topic == ADOPTED.topic]
    done = await asyncio.to_thread(house.adoption.accept, offer.id, {}, who="system")
    return str(done["device"])


def _announcement(n: int, template: str) -> bytes:
    body = {
        "dev_cla": "temperature",
        "stat_t": f"ha/{EVIL_DEVICE}/{n}",
        "unit_of_meas": "°C",
        "uniq_id": f"evil-{n}",
        "val_tpl": template,
        "dev": {"ids": [EVIL_DEVICE]},
    }
    return json.dumps(body).encode()


def _rows(house: House) -> list[Row]:
    """Every reading there is, through the same door as GET /readings."""
    found: list[Row] = []
    cursor: str | None = None
    with house.ledger.read() as conn:
        while True:
            page = readings.page(
                conn, Sight.everything(), directory=house.directory(), limit=1000, cursor=cursor
            )
            found += [
                Row(
                    str(each["device"]),
                    str(each["quantity"]),
                    float(str(each["value"])),
                    str(each["unit"]),
                    parse_instant(str(each["at"])),
                    parse_instant(str(each["received_at"])),
                    str(each["quality"]),
                )
                for each in page.items
            ]
            cursor = page.next
            if cursor is None:
                return found
