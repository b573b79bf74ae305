"""Kept messages of a device that was unknown become the readings that a running intake would have made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.directory import Area, DeviceEntry, Directory, Site
from config.load import parse
from hub.serve.replay import Heard, replay
from hub.serve.sensors import bindings_of
from hub.serve.understand import nothing_newer, understand
from ingest.episodes import Kept
from ingest.mqtt.message import Message
from ingest.payload import Described
from ingest.text import Text

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
NAME = Text("名", "name")
REGISTRY = """
areas: [{id: county, level: county, name: 县}]
sites: [{id: k1, area: county, kind: canteen-school, name: 食堂}]
devices:
  - {id: gate, site: k1, kind: sensor, payload: hikvision, topic: push/gate}
  - {id: box, site: k1, kind: sensor, payload: aibox, topic: aibox/box-1/warning, external_id: kitchen-2}
  - {id: fridge, site: k1, kind: sensor, payload: zigbee2mqtt, topic: zigbee2mqtt/fridge}
"""
BINDINGS = bindings_of(parse(REGISTRY, "test").registry)
KNOWN = Directory(
    areas={"county": Area("county", "county", NAME)},
    sites={"k1": Site("k1", "county", "canteen-school", NAME)},
    devices={each: DeviceEntry(each, "sensor", "k1", NAME) for each in ("gate", "box", "fridge")},
)
VMD = b'{"channelID": 1, "eventType": "VMD", "eventState": "active"}'
SMOKE = '{"event_id": "7", "stream_id": "kitchen-2", "event_msg": "检测到烟雾"}'.encode()
AGAIN = '{"event_id": "8", "stream_id": "kitchen-2", "event_msg": "检测到烟雾"}'.encode()
CANCEL = b'{"event_id": "7", "stream_id": "kitchen-2"}'
RECORD = b'{"event_id": "7", "stream_id": "kitchen-2", "url": "http://192.0.2.9/7.mp4"}'

Said = tuple[float, str, bytes]
"""(second, topic, payload)."""

WARNING, CANCELLED, RECORDED = (f"aibox/box-1/{each}" for each in ("warning", "cancel", "record"))
TABLE: list[tuple[str, list[Said], list[Kept], list[tuple[str, float, float]]]] = [
    (
        "repeated each second, then silent: over five seconds after the last",
        [(second, "push/gate", VMD) for second in range(4)],
        [],
        [("motion", 1.0, 0), ("motion", 0.0, 8)],
    ),
    (
        "twice, with a pause between",
        [(0, "push/gate", VMD), (60, "push/gate", VMD)],
        [],
        [("motion", 1.0, 0), ("motion", 0.0, 5), ("motion", 1.0, 60), ("motion", 0.0, 65)],
    ),
    (
        "a warning and its cancellation",
        [(0, WARNING, SMOKE), (30, CANCELLED, CANCEL)],
        [],
        [("smoke", 1.0, 0), ("smoke", 0.0, 30)],
    ),
    (
        "the recording changes nothing",
        [(0, WARNING, SMOKE), (10, RECORDED, RECORD), (30, CANCELLED, CANCEL)],
        [],
        [("smoke", 1.0, 0), ("smoke", 0.0, 30)],
    ),
    ("cancelled before it was warned of", [(0, CANCELLED, CANCEL), (1, WARNING, SMOKE)], [], []),
    (
        "the intake remembers the cancellation that names the event alone",
        [(0, WARNING, SMOKE)],
        [Kept("aibox|aibox/box-1|7", "", "", False, START + timedelta(seconds=20))],
        [("smoke", 1.0, 0), ("smoke", 0.0, 20)],
    ),
    ("what goes on is left to its next report", [(0, WARNING, SMOKE)], [], []),
    (
        "also where an earlier one is over",
        [(0, WARNING, SMOKE), (30, CANCELLED, CANCEL), (60, WARNING, AGAIN)],
        [],
        [("smoke", 1.0, 0), ("smoke", 0.0, 30)],
    ),
    (
        "plain values stay as they are",
        [(0, "zigbee2mqtt/fridge", b'{"temperature": 4}'), (9, "zigbee2mqtt/fridge", b'{"door": true}')],
        [],
        [("temperature", 4.0, 0), ("door", 1.0, 9)],
    ),
]


@pytest.mark.parametrize(("reason", "said", "over", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_replay(
    reason: str, said: list[Said], over: list[Kept], expected: list[tuple[str, float, float]]
) -> None:
    """Quantity, value and second of each reading."""
    heard = []
    for second, topic, payload in said:
        at = START + timedelta(seconds=second)
        message = Message(topic, payload, 1, False, at)
        found = understand(
            message,
            bindings=BINDINGS,
            directory=KNOWN,
            described=Described(),
            newest=nothing_newer,
        )
        heard.append(Heard(at, found))
    made = replay(heard, over, START + timedelta(days=1))
    assert [(each.quantity, each.value, (each.at - START).total_seconds()) for each in made] == expected, (
        reason
    )
