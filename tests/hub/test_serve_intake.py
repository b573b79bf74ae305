"""Sensor messages into the ledger, through a real broker and a real hub: nothing is acknowledged before its commit."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from alerts.ledger import incidents, readings, rejected
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from hub.serve.house import House
from hub.serve.run import Running
from ingest.instant import format_instant
from ingest.mqtt.message import Message
from tests.servers.wait import until
from tests.servers.whole_hub import hub_of, now, publisher

pytestmark = pytest.mark.slow

REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
devices: [{id: k1-gas, site: k1, kind: sensor}]
rules: [{id: gas-level, kind: threshold, sites: [k1], quantity: gas, above: 10, clear_below: 5, severity: life}]
routes: [{unit: duty-room}]
"""
TOPIC = "hub/v1/k1/k1-gas/telemetry"


@asynccontextmanager
async def hub(data: Path, broker: str = "") -> AsyncIterator[Running]:
    """With one gas sensor."""
    async with hub_of(data, REGISTRY, broker_url=broker) as it:
        await until(lambda: not it.house.lives.changing)  # its topic is life safety's from now on
        yield it


def gas(value: float, at: datetime) -> bytes:
    """A gas reading as the device sends it."""
    return json.dumps({"ts": format_instant(at), "values": {"gas": value}}).encode()


def stored(house: House) -> int:
    """Readings in the ledger."""
    with house.ledger.read() as conn:
        page = readings.page(
            conn, Sight.everything(), directory=house.directory(), device="k1-gas", limit=1000
        )
    return len(page.items)


def open_incidents(house: House) -> list[dict[str, object]]:
    """Open incidents."""
    with house.ledger.read() as conn:
        found = incidents.page(conn, Sight.everything(), wanted=incidents.Wanted(state="open"))
    return found.items


async def test_no_acknowledgement_before_the_commit(tmp_path: Path) -> None:
    """While the commit is held no PUBACK goes to the broker; after it one does, and the effect is whole."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        house = it.house
        held, release = threading.Event(), threading.Event()

        def hold(_: Connection) -> None:
            held.set()
            release.wait(20)

        house.ledger.write(hold)
        assert await asyncio.to_thread(held.wait, 5)
        before = house.life_client.health()
        device.publish(TOPIC, gas(42, now()))
        await until(lambda: house.life_client.health().received > before.received)
        await asyncio.sleep(0.5)
        assert house.life_client.health().acknowledged == before.acknowledged
        assert stored(house) == 0
        release.set()
        await until(lambda: house.life_client.health().acknowledged > before.acknowledged)
        assert stored(house) == 1
        found = open_incidents(house)
        assert [(each["condition"], each["severity"]) for each in found] == [("gas-level", "life")]
        assert found[0]["case"], "the case is opened in the same transaction"


async def test_what_was_not_acknowledged_comes_again(tmp_path: Path) -> None:
    """A hub that ends before the commit has acknowledged nothing: the next one gets the message, once."""
    async with hub(tmp_path / "broker-owner") as owner:
        at = now()
        async with hub(tmp_path / "data", owner.mqtt):
            pass  # the session exists from now on
        async with publisher(owner.mqtt) as device:
            device.publish(TOPIC, gas(12, at)).result(5)
            device.publish(TOPIC, gas(13, at + timedelta(milliseconds=10))).result(5)
        async with hub(tmp_path / "data", owner.mqtt) as it:
            await until(lambda: stored(it.house) == 2)
            assert len(open_incidents(it.house)) == 1


async def test_descriptions_survive_a_restart(tmp_path: Path) -> None:
    """A device that described itself is understood after a restart too, before it describes itself again."""
    async with hub(tmp_path / "broker-owner") as owner, publisher(owner.mqtt) as device:
        config = {
            "uniq_id": "k1_t",
            "dev": {"ids": ["abc"]},
            "dev_cla": "temperature",
            "stat_t": "esp/k1/state",
            "unit_of_meas": "°C",
        }
        async with hub(tmp_path / "data", owner.mqtt) as it:
            entry = {"site": "k1", "kind": "sensor", "payload": "homeassistant", "external_id": "abc"}
            await asyncio.to_thread(it.house.registry.put, "device", "k1-gas", entry, who="system")
            device.publish("homeassistant/sensor/k1_t/config", json.dumps(config).encode()).result(5)
            async with asyncio.timeout(10):
                while stored(it.house) == 0:  # until the hub has subscribed, nobody hears
                    device.publish("esp/k1/state", b"4.5").result(5)
                    await asyncio.sleep(0.3)
            before = stored(it.house)
        device.publish("esp/k1/state", b"4.7").result(5)  # the hub is away; its session keeps this
        async with hub(tmp_path / "data", owner.mqtt) as it:
            await until(lambda: stored(it.house) > before)


async def test_a_failed_commit_loses_nothing(tmp_path: Path) -> None:
    """A transaction that is undone takes its incident back; the retry raises it, once."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        house = it.house
        with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # another program has the database, for longer than we wait
            device.publish(TOPIC, gas(42, now()))
            await until(lambda: house.ledger.healthy(now()).state == "failed", within=30)
            assert open_incidents(house) == []
            other.execute("ROLLBACK")
        await until(lambda: len(open_incidents(house)) == 1, within=30)
        assert stored(house) == 1
        await until(lambda: house.components()["ledger"].state == "ok")


async def test_a_double_beside_its_original_is_one(tmp_path: Path) -> None:
    """A message without a time, delivered again while the first waits for its commit, is one reading.

    A second message of the device's own time stays, even if the device gives all its messages the same identifier.
    """
    async with hub(tmp_path) as it:
        house, at = it.house, now()
        held, release = threading.Event(), threading.Event()

        def hold(_: Connection) -> None:
            held.set()
            release.wait(20)

        house.ledger.write(hold)
        assert await asyncio.to_thread(held.wait, 5)
        acknowledged: list[int] = []
        for n, (payload, packet, again) in enumerate(
            (
                (b'{"gas": 1}', 7, False),
                (b'{"gas": 1}', 7, True),
                (b'{"gas": 1}', 8, False),
                (json.dumps({"id": "1", "ts": format_instant(at), "values": {"gas": 2}}).encode(), 9, False),
                (
                    json.dumps(
                        {
                            "id": "1",
                            "ts": format_instant(at + timedelta(milliseconds=5)),
                            "values": {"gas": 3},
                        }
                    ).encode(),
                    10,
                    True,
                ),
            )
        ):
            message = Message(TOPIC, payload, 1, False, at + timedelta(milliseconds=n), {}, packet, again)
            house.sensors.handle(message, lambda packet=packet: acknowledged.append(packet))  # type: ignore[misc] # bound in this round
        release.set()
        await until(lambda: len(acknowledged) == 5)
        assert stored(house) == 4


async def test_garbage_is_kept_and_counted(tmp_path: Path) -> None:
    """A payload that cannot be used is acknowledged, kept with its reason, counted; the next good one is applied."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        house = it.house
        for payload in (b"\xff\x00", b"[1]", b'{"values": {"gas": "NaN"}}', gas(3, now())):
            device.publish(TOPIC, payload).result(5)
        device.publish("hub/v1/k1/stranger/telemetry", b'{"temperature": 4.2}').result(5)
        await until(lambda: stored(house) == 1)
        await until(lambda: house.life_client.health().acknowledged >= 4)

        def refused() -> list[dict[str, object]]:
            with house.ledger.read() as conn:
                return rejected.page(conn, Sight.everything(), limit=100).items

        # the stranger is no life safety: it comes by the other session
        await until(lambda: any(each["reason"] == "unknown-device" for each in refused()))
        kept = refused()
        assert len(kept) >= 4
        offered = next(
            cast("dict[str, dict[str, object]]", each) for each in kept if each["reason"] == "unknown-device"
        )
        assert offered["guess"]["values"] == {"temperature": 4.2}
