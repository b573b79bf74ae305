"""Events as readings in a running hub: over a restart, in the device's own time zone, offered when unknown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.ledger import readings, rejected
from alerts.sight import Sight
from hub.serve.house import House
from ingest.errors import NotFound
from ingest.payloads import hj212
from tests.servers.wait import until
from tests.servers.whole_hub import hub_of

pytestmark = pytest.mark.slow

REGISTRY = """
areas:
  - {id: county, level: county, name: 县, timezone: Asia/Shanghai}
  - {id: west, parent: county, level: town, name: 西镇, timezone: Asia/Urumqi}
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}, {id: k2, area: west, kind: village, name: 村}]
devices:
  - {id: gate, site: k1, kind: sensor, payload: hikvision, topic: push/gate}
  - {id: air-1, site: k1, kind: sensor, payload: hj212, topic: push/dtu, external_id: "1"}
  - {id: air-2, site: k2, kind: sensor, payload: hj212, topic: push/dtu, external_id: "2"}
routes: [{unit: duty-room}]
"""
VMD = b'{"channelID": 1, "eventType": "VMD", "eventState": "active"}'


@asynccontextmanager
async def hub(data: Path) -> AsyncIterator[House]:
    async with hub_of(data, REGISTRY) as it:
        yield it.house


def stored(house: House, device: str) -> list[tuple[str, float, datetime]]:
    with house.ledger.read() as conn:
        page = readings.page(conn, Sight.everything(), directory=house.directory(), device=device, limit=1000)
    return [
        (str(each["quantity"]), float(str(each["value"])), datetime.fromisoformat(str(each["at"])))
        for each in page.items
    ]


async def test_what_was_open_ends_after_a_restart(tmp_path: Path) -> None:
    """The hub was away when the camera fell silent: five seconds after the start it is over, once."""
    async with hub(tmp_path) as house:
        await asyncio.to_thread(house.push, "gate", VMD)
        await asyncio.to_thread(house.push, "gate", VMD)
        assert [each[:2] for each in stored(house, "gate")] == [("motion", 1.0)]
        with pytest.raises(NotFound):
            house.push("nobody", VMD)
    async with hub(tmp_path) as house:
        await until(lambda: [each[1] for each in stored(house, "gate")] == [1.0, 0.0])
        await asyncio.sleep(1.5)
        assert len(stored(house, "gate")) == 2


async def test_a_stations_time_is_that_of_its_own_area(tmp_path: Path) -> None:
    """Two stations behind one DTU, each in its zone; one that nobody registered is offered."""
    now = datetime.now(UTC).replace(microsecond=0)
    body = b""
    for name, hours in (("1", 8), ("2", 6), ("3", 8)):
        clock = f"{now + timedelta(hours=hours):%Y%m%d%H%M%S}"
        segment = f"ST=22;CN=2011;MN={name};CP=&&DataTime={clock};a01001-Rtd=21.5,a01001-Flag=N&&".encode()
        body += b"##%04d%s%04X\r\n" % (len(segment), segment, hj212.checksum(segment))
    async with hub(tmp_path) as house:
        await asyncio.to_thread(house.push, "dtu", body)
        for device in ("air-1", "air-2"):
            assert stored(house, device) == [("temperature", 21.5, now)]
        with house.ledger.read() as conn:
            [offered] = rejected.page(conn, Sight.everything()).items
        assert (offered["reason"], offered["topic"]) == ("unknown-device", "push/dtu")
