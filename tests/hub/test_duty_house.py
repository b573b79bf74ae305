"""A dead room is not silent, and a test alarm goes the true way: a real hub, broker and websocket, its clock given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect

from alerts.ledger.notice_tables import notices
from config.settings import Settings
from hub.serve import run
from hub.serve.house import House
from hub.serve.run import Running, running
from ingest.mqtt.message import Ack, Message
from tests.hub.test_serve_intake import TOPIC, gas
from tests.servers.wait import until
from tests.servers.whole_hub import publisher

pytestmark = pytest.mark.slow

REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
devices: [{id: k1-gas, site: k1, kind: sensor}]
rules: [{id: gas-level, kind: threshold, sites: [k1], quantity: gas, above: 10, clear_below: 5, severity: life}]
routes: [{unit: duty-room}]
rosters: [{id: ever, unit: duty-room, shifts: [{days: daily, users: [dai]}]}]
users:
  - {name: olga, role: operator, areas: [county], password: olga-has-a-long-password}
  - {name: dai, role: dispatcher, areas: [county], password: dai-has-a-long-password}
"""


class Wall:
    """The hub's clock: the real one, and what the test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """As the hub sees it."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Given to the composition root, which hands it down: nothing below asks for the time."""
    made = Wall()
    monkeypatch.setattr(run, "now", made.now)
    return made


@asynccontextmanager
async def hub(data: Path, registry: str = REGISTRY) -> AsyncIterator[Running]:
    """A hub without workers that tests no alarm by itself."""
    settings = Settings.model_validate(
        {"data": data, "port": 0, "workers": 0, "admin_password": "x" * 12, "test_alarm_at": ""}
    )

    def prepare(house: House) -> None:
        house.door.apply(registry, name="test", prune=False, dry_run=False, who="system")

    async with running(settings, prepare=prepare) as it:
        yield it


class Reader:
    """A user of the hub: logged in once, asking without blocking the hub's own event loop."""

    def __init__(self, it: Running, client: httpx.AsyncClient) -> None:
        self.it = it
        self.client = client

    async def get(self, path: str) -> dict[str, object]:
        """One answer."""
        answer = await self.client.get(f"/api/v1{path}")
        return dict(answer.raise_for_status().json())

    async def items(self, path: str) -> list[dict[str, object]]:
        """One page."""
        found = (await self.get(path))["items"]
        assert isinstance(found, list)
        return found

    async def room(self, part: str) -> list[dict[str, object]]:
        """`present` or `spells` of GET /duty."""
        found = (await self.get("/duty"))["room"]
        assert isinstance(found, dict)
        return list(found[part])

    async def listen(self) -> ClientConnection:
        """The console's websocket."""
        url = self.it.http.replace("http", "ws") + "/api/v1/events/ws"
        return await connect(url, additional_headers={"Authorization": self.client.headers["Authorization"]})


@asynccontextmanager
async def reader(it: Running, name: str, password: str) -> AsyncIterator[Reader]:
    """Logged in."""
    async with httpx.AsyncClient(base_url=it.http, timeout=20) as client:
        given = {"username": name, "password": password}
        bearer = (
            (await client.post("/api/v1/auth/login", json=given)).raise_for_status().json()["access_token"]
        )
        client.headers["Authorization"] = f"Bearer {bearer}"
        yield Reader(it, client)


async def soon(look: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Wait for an answer to become true."""
    async with asyncio.timeout(seconds):
        while not await look():  # noqa: ASYNC110 - a server's answer has no event
            await asyncio.sleep(0.1)


def written(house: House, why: str) -> list[str]:
    """The addressees of the notices of this reason."""
    with house.ledger.read() as conn:
        return list(conn.execute(select(notices.c.addressee).where(notices.c.why == why)).scalars())


def part(house: House, name: str) -> str:
    """How a component is."""
    return house.components()[name].state


async def test_a_dead_room_is_not_silent(tmp_path: Path, wall: Wall) -> None:
    """She closes her console; gas comes; 2 min after she left the next on duty is told, not before; she comes back.

    The unacknowledged gas is told after 60 s by its chain. While nobody is there health says `room degraded`.
    """
    async with (
        hub(tmp_path) as it,
        publisher(it.mqtt) as device,
        reader(it, "admin", "x" * 12) as admin,
        reader(it, "olga", "olga-has-a-long-password") as olga,
    ):
        house = it.house

        async def present() -> list[object]:
            return [each["name"] for each in await admin.room("present")]

        async def there() -> bool:
            return await present() == ["olga"]

        async def empty() -> bool:
            return await present() == []

        async def back() -> bool:
            return (await admin.room("spells"))[0]["ended_by"] == "olga"

        async def raised() -> bool:
            return bool(await admin.items("/incidents"))

        console = await olga.listen()
        await soon(there)
        assert part(house, "room") == "ok"
        await console.close()
        await soon(empty)
        device.publish(TOPIC, gas(42, wall.now()))
        await soon(raised)
        await asyncio.sleep(2.5)  # two ticks
        assert written(house, "room-empty") == written(house, "not-acknowledged") == []
        wall.ahead += timedelta(seconds=60)
        await until(lambda: written(house, "not-acknowledged") == ["dai"])
        assert written(house, "room-empty") == []
        wall.ahead += timedelta(seconds=60)
        await until(lambda: written(house, "room-empty") == ["dai"])
        await until(lambda: part(house, "room") == "degraded")
        assert (await admin.client.get("/readyz")).status_code == 200
        console = await olga.listen()
        await soon(back)
        await until(lambda: part(house, "room") == "ok")
        await console.close()
        assert written(house, "room-empty") == ["dai"]


async def rehearsed(admin: Reader) -> dict[str, object]:
    """A test alarm, asked for and waited for."""
    (await admin.client.post("/api/v1/test-alarms")).raise_for_status()

    async def over() -> bool:
        return (await admin.items("/test-alarms"))[0]["state"] != "running"

    await soon(over)
    return (await admin.items("/test-alarms"))[0]


async def test_a_test_alarm_goes_the_true_way(tmp_path: Path) -> None:
    """Broker, intake, ledger, each with its time; no incident; without a channel it says where it ended."""
    async with hub(tmp_path) as it, reader(it, "admin", "x" * 12) as admin:
        house = it.house
        found = await rehearsed(admin)
        assert (found["state"], found["failed_leg"], found["told"]) == ("failed", "duty", ["dai"])
        legs = found["legs"]
        assert isinstance(legs, list)
        assert [each["leg"] for each in legs] == ["broker", "intake", "ledger"]
        assert all(each["seconds"] is not None and each["seconds"] < 60 for each in legs)
        assert written(house, "test-alarm") == ["dai"]
        assert await admin.items("/incidents") == await admin.items("/cases") == []
        await until(lambda: part(house, "test-alarm") == "degraded")
        assert (await admin.client.get("/readyz")).status_code == 200


async def test_a_test_alarm_arrives(tmp_path: Path) -> None:
    """By the channel of who is on duty: it says that it is a test, every leg has its time, and health is well."""
    screen = REGISTRY.replace("users: [dai]", "users: [dai], channels: [screen]")
    heard: list[bytes] = []

    def hear(message: Message, ack: Ack) -> None:
        heard.append(message.payload)
        ack()

    async with (
        hub(tmp_path, screen + "channels: [{id: screen, kind: mqtt}]\n") as it,
        publisher(it.mqtt) as device,
        reader(it, "admin", "x" * 12) as admin,
    ):
        device.subscribe([("hub/notices/screen", 1)], hear)
        await asyncio.sleep(0.5)  # until the broker knows that somebody listens
        found = await rehearsed(admin)
        assert (found["state"], found["failed_leg"]) == ("passed", None), found
        legs = found["legs"]
        assert isinstance(legs, list)
        assert [each["leg"] for each in legs] == ["broker", "intake", "ledger", "channel screen"]
        assert all(each["at"] for each in legs)
        await until(lambda: bool(heard))
        body = json.loads(heard[0])
        assert body["why"] == "test-alarm"
        assert "测试" in heard[0].decode()
        assert await admin.items("/incidents") == await admin.items("/cases") == []
        await until(lambda: part(it.house, "test-alarm") == "ok")


async def test_a_test_alarm_that_the_broker_does_not_take(tmp_path: Path) -> None:
    """The broker is gone: the leg is named at once, nothing waits for a minute."""
    async with hub(tmp_path) as it, reader(it, "admin", "x" * 12) as admin:
        await asyncio.to_thread(it.house.sensor_client.stop, 2.0)
        found = await rehearsed(admin)
        assert (found["state"], found["failed_leg"]) == ("failed", "broker")
