"""Unknown devices through a real broker and a real hub: offered, adopted with their last hour, dismissed, tried."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest

from alerts.ledger import audit, incidents, readings, rejected
from alerts.sight import Sight
from hub.__main__ import main
from hub.serve.house import House
from hub.serve.run import Running
from ingest.errors import InvalidInput, InvalidRegistry
from ingest.instant import format_instant
from tests.servers.wait import until
from tests.servers.whole_hub import PASSWORD, hub_of, now, publisher

pytestmark = pytest.mark.slow

REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
rules: [{id: warm, kind: threshold, sites: [k1], quantity: temperature, above: 8, severity: major}]
routes: [{unit: duty-room}]
"""
Json = dict[str, object]
TOKENS: dict[str, str] = {}
"""By hub: checking a password is slow on purpose."""


def hub(data: Path, **more: object) -> AbstractAsyncContextManager[Running]:
    """With one site and no device."""
    return hub_of(data, REGISTRY, listen="factory/#", **more)


async def api(it: Running, method: str, path: str, body: object = None) -> httpx.Response:
    """One request of the administrator."""
    async with httpx.AsyncClient(base_url=f"{it.http}/api/v1", timeout=20) as client:
        if it.http not in TOKENS:
            login = await client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
            TOKENS[it.http] = str(login.json()["access_token"])
        bearer = {"Authorization": f"Bearer {TOKENS[it.http]}"}
        return await client.request(method, path, json=body, headers=bearer)


async def offered(it: Running, name: str) -> Json:
    """The offer of this device, as soon as it is there."""
    found: list[Json] = []
    for _ in range(100):
        listed = (await api(it, "GET", "/offers")).json()["items"]
        found = [each for each in listed if each["name"] == name]
        if found:
            return found[0]
        await asyncio.sleep(0.1)
    raise AssertionError(name)


def stored(house: House, device: str) -> list[tuple[str, float, str]]:
    """Quantity, value and quality of every reading of a device."""
    with house.ledger.read() as conn:
        page = readings.page(conn, Sight.everything(), directory=house.directory(), device=device, limit=1000)
    return [(str(each["quantity"]), float(str(each["value"])), str(each["quality"])) for each in page.items]


def raised(house: House) -> int:
    """How many incidents there ever were."""
    with house.ledger.read() as conn:
        return len(incidents.page(conn, Sight.everything(), wanted=incidents.Wanted()).items)


async def test_offered_adopted_replayed(tmp_path: Path) -> None:
    """The offer says kind, place and values; adopted, its hour is history and raises nothing, the next value does."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        topic = "zigbee2mqtt/k1/fridge"
        for n in range(5):
            body = {"temperature": 20 + n, "linkquality": 90, "last_seen": format_instant(now())}
            device.publish(topic, json.dumps(body).encode()).result(5)
            await asyncio.sleep(0.01)
        found = await offered(it, "k1/fridge")
        await until(lambda: it.house.sensor_client.health().acknowledged >= 5)
        found = await offered(it, "k1/fridge")
        assert (found["heard"], found["convention"]) == (5, "zigbee2mqtt")
        assert cast("Json", cast("Json", found["values"])["temperature"])["value"] == 24.0
        assert found["guess"] == {
            "id": "k1-fridge", "site": "k1", "kind": "sensor", "name": "fridge", "payload": "zigbee2mqtt",
            "topic": topic,
        }  # fmt: skip
        answer = await api(
            it, "POST", f"/offers/{found['id']}/accept", {"name": {"zh": "冰箱", "en": "Fridge"}}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "device": "k1-fridge", "created": 1, "updated": 0, "unchanged": 0, "replayed": 5,
        }  # fmt: skip
        history = stored(it.house, "k1-fridge")
        assert history == [("temperature", 20.0 + n, "backfilled") for n in range(5)]
        assert raised(it.house) == 0, "what was said before anybody knew the device raises nothing"
        assert (await api(it, "GET", f"/offers/{found['id']}")).status_code == 404
        device.publish(topic, b'{"temperature": 30}').result(5)
        await until(lambda: raised(it.house) == 1)
        with it.house.ledger.read() as conn:
            trail = audit.page(conn, Sight.everything()).items
        assert {"offer.accept", "device.put"} <= {str(each["action"]) for each in trail}


async def test_a_device_that_is_applied_is_adopted_too(tmp_path: Path) -> None:
    """However it becomes known: the same replay; many devices in one message are told apart."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        at = now() - timedelta(minutes=1)
        body = {
            name: [{"ts": int(at.timestamp() * 1000), "values": {"temperature": n}}]
            for n, name in enumerate(("A", "B"))
        }
        device.publish("v1/gateway/telemetry", json.dumps(body).encode()).result(5)
        await offered(it, "A")
        entry = {"site": "k1", "kind": "sensor", "payload": "thingsboard-gateway", "external_id": "B"}
        await asyncio.to_thread(it.house.registry.put, "device", "b", entry, who="system")
        assert stored(it.house, "b") == [("temperature", 1.0, "backfilled")]
        assert [each["name"] for each in (await api(it, "GET", "/offers")).json()["items"]] == ["A"]


async def test_no_convention_at_all(tmp_path: Path) -> None:
    """What `listen` brings is kept; a mapping is guessed where it can be, tried on it, then saved."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        body = {"ts": int(now().timestamp()), "env": {"temp": "21.5", "t-2": 3}, "sn": "A17"}
        device.publish("factory/7", json.dumps(body).encode()).result(5)
        device.publish("factory/8", b'{"a": [1, 2]}').result(5)
        found = await offered(it, "factory/7")
        guess = cast("Json", found["guess"])
        assert guess["mapping"] == {"time": "ts", "values": {"temperature": "env.temp"}}
        mine: Json = {
            "payload": "mapped",
            "topic": "factory/7",
            "mapping": {"values": {"temperature": 'env."t-2"'}},
        }
        tried = await api(it, "POST", "/offers/try", {"device": mine, "offer": found["id"]})
        assert tried.status_code == 200, tried.text
        [message] = tried.json()["messages"]
        assert [(each["quantity"], each["value"]) for each in message["readings"]] == [("temperature", 3.0)]
        wrong = {**mine, "mapping": {"values": {"temperature": "env.t-2"}}}
        refused = await api(it, "POST", "/offers/try", {"device": wrong, "offer": found["id"]})
        assert refused.status_code == 422
        assert "character" in refused.json()["errors"][0]["message"]

        with it.house.ledger.read() as conn:
            [kept] = [
                each
                for each in rejected.page(conn, Sight.everything()).items
                if each["topic"] == "factory/8" and each["reason"] == "unknown-topic"
            ]
        other = {"payload": "mapped", "topic": "factory/8", "mapping": {"values": {"humidity": "a[1]"}}}
        tried = await api(it, "POST", "/offers/try", {"device": other, "rejected": kept["id"]})
        assert tried.json()["messages"][0]["readings"][0]["value"] == 2.0
        assert not it.house.directory().devices, "nothing is changed by trying"
        done = await api(it, "POST", f"/offers/{found['id']}/accept", {"id": "line-7", "site": "k1"})
        assert done.json()["replayed"] == 1, done.text
        assert stored(it.house, "line-7") == [("temperature", 21.5, "backfilled")]


async def test_what_is_lacking_is_said_and_dismissed_stays_away(tmp_path: Path) -> None:
    """An offer without a place needs one; a dismissed device is counted, kept no more, and may be accepted later."""
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        device.publish("zigbee2mqtt/somewhere", b'{"temperature": 4}').result(5)
        found = await offered(it, "somewhere")
        lacking = await api(it, "POST", f"/offers/{found['id']}/accept")
        assert lacking.status_code == 422
        assert "site" in lacking.json()["errors"][0]["path"]
        assert (await api(it, "POST", f"/offers/{found['id']}/dismiss")).json()["state"] == "dismissed"
        device.publish("zigbee2mqtt/somewhere", b'{"temperature": 5}').result(5)
        await until(lambda: it.house.sensor_client.health().acknowledged >= 2)
        assert (await api(it, "GET", "/offers")).json()["items"] == []
        [away] = (await api(it, "GET", "/offers?state=dismissed")).json()["items"]
        assert away["heard"] == 2
        done = await api(it, "POST", f"/offers/{found['id']}/accept", {"site": "k1"})
        assert done.json()["replayed"] == 0
        with pytest.raises(InvalidInput):
            it.house.adoption.try_out({}, offer=None, kept=None, message=None)
        with pytest.raises(InvalidRegistry):
            it.house.adoption.try_out({"payload": "nothing"}, offer=None, kept=None, message={"topic": "a"})


async def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hub offers` asks the running hub, and the ledger itself when none runs."""
    data = ("--data", str(tmp_path))
    keys: dict[str, str] = {}
    async with hub(tmp_path) as it, publisher(it.mqtt) as device:
        for name in ("one", "two", "three"):
            device.publish(f"zigbee2mqtt/k1/{name}", b'{"temperature": 4}').result(5)
            keys[name] = str((await offered(it, f"k1/{name}"))["id"])
        assert await asyncio.to_thread(main, ["offers", "list", *data]) == 0
        assert "zigbee2mqtt\tk1/one\tk1\t1\ttemperature 4.0 °C" in capsys.readouterr().out
        assert await asyncio.to_thread(main, ["offers", "accept", keys["one"], "--name", "甲", *data]) == 0
        assert capsys.readouterr().out == "adopted k1-one: 1 readings of its kept messages\n"
    assert await asyncio.to_thread(main, ["offers", "accept", keys["two"], "--set", "id=second", *data]) == 0
    assert capsys.readouterr().out == "adopted second: 1 readings of its kept messages\n"
    assert await asyncio.to_thread(main, ["offers", "show", keys["three"], *data]) == 0
    assert json.loads(capsys.readouterr().out)["messages"][0]["payload"] == '{"temperature": 4}'
    entry = tmp_path / "entry.yaml"
    entry.write_text("{payload: mapped, topic: a, mapping: {values: {humidity: h}}}", "utf-8")
    tried = ["offers", "try", str(entry), "--topic", "a", "--payload", '{"h": 61}', *data]
    assert await asyncio.to_thread(main, tried) == 0
    assert json.loads(capsys.readouterr().out)["messages"][0]["readings"][0]["value"] == 61.0
    assert await asyncio.to_thread(main, ["offers", "dismiss", keys["three"], *data]) == 0
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["offers", "list", *data]) == 0
    assert capsys.readouterr().out == ""
    async with hub(tmp_path) as it:
        assert stored(it.house, "second") == [("temperature", 4.0, "backfilled")]
