"""Honest time through a real broker and hub: what is old changes charts, not incidents; wrong clocks are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.ledger import incidents, readings, rejected
from alerts.sight import Sight
from hub.serve.house import House
from hub.serve.run import Running
from ingest.instant import format_instant
from tests.servers.wait import until
from tests.servers.whole_hub import hub_of, now, publisher

pytestmark = pytest.mark.slow

REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
devices: [{id: fridge, site: k1, kind: sensor}, {id: other, site: k1, kind: sensor}]
rules: [{id: warm, kind: threshold, sites: [k1], quantity: temperature, above: 8, clear_below: 7, severity: major}]
routes: [{unit: duty-room}]
"""
TOPIC = "hub/v1/k1/fridge/telemetry"
HOUR = timedelta(hours=1)


def hub(data: Path, broker: str = "") -> AbstractAsyncContextManager[Running]:
    """With two sensors and a rule."""
    return hub_of(data, REGISTRY, broker_url=broker)


def said(value: float, at: datetime | None = None) -> bytes:
    """A temperature as the device sends it."""
    values = {"temperature": value}
    return json.dumps(values if at is None else {"ts": format_instant(at), "values": values}).encode()


def stored(house: House, device: str = "fridge") -> list[tuple[float, str, str]]:
    """(value, at, quality) in the order of their time, as charts show them."""
    with house.ledger.read() as conn:
        page = readings.page(conn, Sight.everything(), directory=house.directory(), device=device, limit=1000)
    return [(float(str(each["value"])), str(each["at"]), str(each["quality"])) for each in page.items]


def states(house: House) -> list[str]:
    """The state of every incident there ever was."""
    with house.ledger.read() as conn:
        found = incidents.page(conn, Sight.everything(), wanted=incidents.Wanted()).items
    return [str(each["state"]) for each in found]


def device(house: House, name: str = "fridge") -> Mapping[str, object]:
    """What the hub says of it now."""
    return house.device_states().get(name, {})


async def test_a_retained_value_raises_nothing(tmp_path: Path) -> None:
    """At the first connection and after a restart: it is on the chart as `retained`; the next fresh one raises."""
    async with hub(tmp_path / "broker-owner") as owner, publisher(owner.mqtt) as fridge:
        at = now() - HOUR
        fridge.publish(TOPIC, said(30, at), retain=True).result(5)
        fridge.publish("hub/v1/k1/other/telemetry", said(31), retain=True).result(5)
        for _ in range(2):
            async with hub(tmp_path / "data", owner.mqtt) as it:
                await until(lambda: len(stored(it.house)) == 1 and len(stored(it.house, "other")) == 1)
                assert stored(it.house) == [(30.0, format_instant(at), "retained")], "under its own time"
                assert stored(it.house, "other")[0][2] == "retained"
                await asyncio.sleep(1.5)  # the tick has looked at every rule
                assert states(it.house) == []
        async with hub(tmp_path / "data", owner.mqtt) as it:
            fridge.publish(TOPIC, said(30, now())).result(5)
            await until(lambda: states(it.house) == ["open"])


async def test_a_back_fill_changes_charts_not_incidents(tmp_path: Path) -> None:
    """Hours of heat that come late raise nothing; hours of cold clear nothing; all are under their own time."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as fridge:
        begin = now() - 3 * HOUR
        hot = [
            {"ts": format_instant(begin + n * timedelta(minutes=5)), "values": {"temperature": 20 + n}}
            for n in range(20)
        ]
        fridge.publish(TOPIC, json.dumps(hot).encode()).result(5)
        await until(lambda: len(stored(it.house)) == 20)
        assert {quality for _, _, quality in stored(it.house)} == {"backfilled"}
        assert [at for _, at, _ in stored(it.house)] == [each["ts"] for each in hot]
        await asyncio.sleep(1.5)
        assert states(it.house) == []
        fridge.publish(TOPIC, said(30, now())).result(5)
        await until(lambda: states(it.house) == ["open"])
        cold = [
            {
                "ts": format_instant(begin + n * timedelta(minutes=5) + timedelta(minutes=1)),
                "values": {"temperature": 2},
            }
            for n in range(20)
        ]
        fridge.publish(TOPIC, json.dumps(cold).encode()).result(5)
        await until(lambda: len(stored(it.house)) == 41)
        await asyncio.sleep(1.5)
        assert states(it.house) == ["open"], "old cold values do not end what is true now"
        assert device(it.house)["state"] == "online", "history is no fault of the clock"
        fridge.publish(TOPIC, said(2, now())).result(5)
        await until(lambda: states(it.house) == ["cleared"])


async def test_a_wrong_clock_is_said(tmp_path: Path) -> None:
    """1970 and 2106 are refused, hours ahead are `uncertain`; the device says so until its clock is right."""
    async with hub(tmp_path / "broker-owner") as owner, publisher(owner.mqtt) as fridge:
        async with hub(tmp_path / "data", owner.mqtt) as it:
            for wrong, reason in (
                (datetime(1970, 1, 1, tzinfo=UTC), "clock-unset"),
                (datetime(2106, 2, 7, tzinfo=UTC), "clock-ahead"),
            ):
                fridge.publish(TOPIC, said(30, wrong)).result(5)
                await until(lambda reason=reason: device(it.house).get("reason") == reason)  # type: ignore[misc] # bound in this round
                assert device(it.house)["state"] == "degraded"
            assert stored(it.house) == []
            with it.house.ledger.read() as conn:
                kept = rejected.page(conn, Sight.everything()).items
            assert [each["reason"] for each in kept] == ["absurd-time", "absurd-time"]
            before = now()
            fridge.publish(TOPIC, said(31, before + 8 * HOUR)).result(5)
            await until(lambda: len(stored(it.house)) == 1)
            [(_, at, quality)] = stored(it.house)
            assert quality == "uncertain"
            assert format_instant(before) <= at <= format_instant(now()), "under its arrival"
            await until(
                lambda: float(str(device(it.house).get("clock_error"))) == pytest.approx(8 * 3600, abs=30)
            )
            assert states(it.house) == []
        async with hub(tmp_path / "data", owner.mqtt) as it:
            await until(lambda: device(it.house).get("reason") == "clock-ahead")
            fridge.publish(TOPIC, said(4, now())).result(5)
            await until(lambda: device(it.house).get("state") == "online")
            assert abs(float(str(device(it.house)["clock_error"]))) < 60
