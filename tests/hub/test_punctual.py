"""A group's wait is as long as the route says: its notice comes when the wait is over, not at the next full second."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.ledger import incidents, notices
from alerts.sight import Sight
from hub.serve.house import House
from ingest.instant import parse_instant
from tests.servers.wait import until
from tests.servers.whole_hub import hub_of, publisher

pytestmark = pytest.mark.slow

FRIDGES = 12
WAIT = timedelta(milliseconds=400)
NUMBERS = range(FRIDGES)
DEVICES = ", ".join(f"{{id: f{n}, site: k1, kind: sensor}}" for n in NUMBERS)
RULES = ", ".join(
    f"{{id: warm-{n}, kind: threshold, devices: [f{n}], quantity: temperature, above: 8}}" for n in NUMBERS
)
REGISTRY = f"""
areas: [{{id: county, level: county, name: 县}}]
units: [{{id: duty-room, area: county, name: 值班室}}]
sites: [{{id: k1, area: county, kind: canteen-school, name: 食堂}}]
devices: [{DEVICES}]
rules: [{RULES}]
routes: [{{unit: duty-room, group_wait: 400ms}}]
"""


def told(house: House) -> dict[str, datetime]:
    """When the first notice about each incident was written."""
    with house.ledger.read() as conn:
        found = notices.page(conn, Sight.everything(), limit=1000).items
    return {str(key): parse_instant(str(each["at"])) for each in found for key in each["incidents"]}  # type: ignore[attr-defined] # JSON


def raised(house: House) -> dict[str, datetime]:
    """When each incident was raised."""
    with house.ledger.read() as conn:
        found = incidents.page(conn, Sight.everything(), wanted=incidents.Wanted(), limit=1000).items
    return {str(each["id"]): parse_instant(str(each["raised_at"])) for each in found}


async def test_notices_do_not_wait_for_the_tick(tmp_path: Path) -> None:
    """Of twelve groups that begin at any moment of a second, half are told within 0.4 s of their wait's end."""
    async with hub_of(tmp_path, REGISTRY) as it, publisher(it.mqtt) as device:
        for number in NUMBERS:
            device.publish(f"hub/v1/k1/f{number}/telemetry", json.dumps({"temperature": 12.0}).encode())
            await asyncio.sleep(0.17)
        await until(lambda: len(told(it.house)) == FRIDGES)
        begun = raised(it.house)
        late = [at - begun[key] - WAIT for key, at in told(it.house).items()]
    assert min(late) >= timedelta(milliseconds=-50)
    assert sorted(late)[FRIDGES // 2] < timedelta(milliseconds=400)
