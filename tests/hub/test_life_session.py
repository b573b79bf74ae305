"""Life safety's own MQTT session: nothing lost or doubled when topics change over, and no flood in its way."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.ledger import incidents
from alerts.ledger.tally import counts
from alerts.sight import Sight
from bench.flood.line import Line
from bench.sensors.county import device, registry, topic
from bench.sensors.killed import run
from bench.sensors.publisher import FAST
from config.settings import Settings
from hub.broker import Broker
from hub.serve.house import House
from hub.serve.run import Running, running
from tests.servers.wait import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FLOOD = 4_000


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def hub(data: Path, devices: int, life: tuple[int, ...], broker: str = "") -> AsyncIterator[Running]:
    """A hub without workers, with so many sensors, of which some are life safety's."""
    settings = Settings.model_validate(
        {"data": data, "port": 0, "workers": 0, "broker_url": broker, "admin_password": "x" * 12}
    )
    async with running(settings, prepare=lambda house: change(house, devices, life)) as it:
        await until(lambda: not it.house.lives.changing)
        yield it


def change(house: House, devices: int, life: tuple[int, ...]) -> None:
    """Another registry."""
    house.registry.apply(registry(devices, life), name="test", prune=True, dry_run=False, who="system")


def stored(house: House, number: int) -> int:
    """Readings of one sensor."""
    with house.ledger.read() as conn:
        return counts(conn).readings.get(device(number), 0)


async def test_topics_change_over_without_loss_or_double(tmp_path: Path) -> None:
    """Messages without time or identifier go on while their topic becomes life safety's, and common again."""
    async with hub(tmp_path, 2, ()) as it:
        house = it.house
        line = Line(it.mqtt, "device", topic(0))
        sent = 0

        async def speak() -> None:
            nonlocal sent
            while True:
                line.publish(json.dumps({"gas": sent % 9, "power": sent}).encode())
                sent += 1
                line.acknowledged()
                await asyncio.sleep(0.003)

        speaking = asyncio.create_task(speak())
        for life in ((0,), (), (0, 1)):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(change, house, 2, life)
            await until(lambda: not house.lives.changing)
            before = house.life_client.health().received
            await asyncio.sleep(0.5)
            assert house.life_client.health().received > before or 0 not in life
        speaking.cancel()
        await until(lambda: stored(house, 0) >= 2 * sent)
        await asyncio.sleep(0.5)
        assert stored(house, 0) == 2 * sent
        line.close()


async def test_who_answers_for_a_topic_outlives_a_restart(tmp_path: Path) -> None:
    """What waited at the broker belongs to whom it belonged to when it was sent, whatever the registry says now."""
    owner = Broker(tmp_path / "broker")
    await asyncio.to_thread(owner.start)
    try:
        async with hub(tmp_path / "data", 2, (0,), owner.url):
            pass
        lines = [Line(owner.url, f"device-{each}", topic(each)) for each in range(2)]
        for each in lines:
            for value in range(50):
                each.publish(json.dumps({"gas": value % 9}).encode())
            assert await asyncio.to_thread(each.drained, 50, asyncio.get_running_loop().time() + 10) == 50
            each.close()
        async with hub(tmp_path / "data", 2, (1,), owner.url) as it:  # changed while the hub was away
            await until(lambda: stored(it.house, 0) + stored(it.house, 1) >= 100)
            await asyncio.sleep(0.5)
            assert (stored(it.house, 0), stored(it.house, 1)) == (50, 50)
    finally:
        await asyncio.to_thread(owner.stop)


async def test_a_flood_of_others_does_not_delay_it(tmp_path: Path) -> None:
    """An incident of life safety is committed while the flood that was sent before it still waits."""
    async with hub(tmp_path, 2, (0,)) as it:
        house = it.house
        flood, alarm = Line(it.mqtt, "flood", topic(1)), Line(it.mqtt, "alarm", topic(0))
        for value in range(FLOOD):
            flood.publish(json.dumps({"temperature": value % 8, "humidity": 40, "battery": 90}).encode())
            flood.acknowledged()
        alarm.publish(b'{"gas": 42}')

        def raised() -> bool:
            with house.ledger.read() as conn:
                return bool(
                    incidents.page(conn, Sight.everything(), wanted=incidents.Wanted(state="open")).items
                )

        await until(raised, within=10)
        assert stored(house, 1) < 3 * FLOOD, "the flood is through: this shows nothing"
        await until(lambda: stored(house, 1) == 3 * FLOOD, within=60)
        for each in (flood, alarm):
            each.close()


@pytest.mark.alone
async def test_within_a_second_under_a_flood(tmp_path: Path) -> None:
    """While far more of everything else comes than the hub takes, an incident is there a second after its message."""
    async with hub(tmp_path, 5, (0,)) as it:
        house = it.house
        command = (sys.executable, "-m", "bench.sensors.publisher", it.mqtt, "4", "20", "0", "2", "1")
        flood = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            await until(lambda: house.sensor_client.health().received > 1_000, within=20)
            alarm = Line(it.mqtt, "alarm", topic(0))

            def raised() -> bool:
                with house.ledger.read() as conn:
                    return bool(
                        incidents.page(conn, Sight.everything(), wanted=incidents.Wanted(state="open")).items
                    )

            alarm.publish(b'{"gas": 42}')
            await until(raised, within=1.0)
            with house.ledger.read() as conn:
                through = sum(counts(conn).readings.values())
            assert through < 2 * FAST * 20, "the flood is through: this shows nothing"
            alarm.close()
        finally:
            if flood.returncode is None:
                flood.kill()
            await flood.wait()


def test_nothing_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    """Numbered messages at full rate, the hub killed with -9: each is stored once."""
    found = run(tmp_path, 3_000, 1, random.Random(7))
    assert (found.published, found.rows, found.distinct) == (3_000, 3_000, 3_000)
    assert found.kills[0] < 3_000, "the first kill came too late"
