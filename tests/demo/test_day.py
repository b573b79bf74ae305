"""The demo's day: every message is understood as its device's, and the stories are told in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from config.directory import directory
from config.load import load
from config.nouns.device import Camera, Sensor
from config.registry import Registry
from config.targets import SENSORS, targets
from detectors.shelf import build_reading_rule, input_of
from hub.broker import Broker
from hub.demo.county import THINGS
from hub.demo.courses import ROUND, told, within
from hub.demo.day import turn_of
from hub.demo.footage import FOOTAGE
from hub.demo.things import Outgoing
from hub.serve.sensors import bindings_of
from hub.serve.understand import Understood, nothing_newer, understand
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from ingest.payload import Described
from ingest.reading import Reading
from tests.servers.wait import wait_until

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@cache
def registry() -> Registry:
    """The demo county, with the address that the demo would fill in."""
    return load(ROOT / "config" / "demo.yaml", placeholders={"rtsp": "rtsp://127.0.0.1:8554"})


def sent(seed: int = 1, seconds: float = ROUND) -> list[tuple[datetime, Outgoing]]:
    """Everything that is sent in one round, in order."""
    found = [(BEGIN, each) for thing in THINGS for each in thing.hello(BEGIN)]
    for index, thing in enumerate(THINGS):
        first = index * 0.37 % thing.every
        for n in range(int((seconds - first) / thing.every)):
            at = BEGIN + timedelta(seconds=first + n * thing.every)
            turn = turn_of(thing, n, seed=seed, first=first, at=at)
            found += [(at, each) for each in thing.send(turn)]
    return sorted(found, key=lambda each: each[0])


def understood(messages: list[tuple[datetime, Outgoing]]) -> list[Understood]:
    """What the hub makes of them."""
    bindings, described = bindings_of(registry()), Described()
    place = directory(registry(), timezone="Asia/Shanghai")
    found = []
    for number, (at, each) in enumerate(messages):
        message = Message(each.topic, each.payload, 1, each.retain, at, {}, number)
        said = understand(
            message, bindings=bindings, directory=place, described=described, newest=nothing_newer
        )
        if said.announcement is not None:
            described = described.after(said.announcement)
        found.append(said)
    return found


def readings_of(messages: list[tuple[datetime, Outgoing]]) -> list[Reading]:
    """All readings, in order of arrival."""
    return [reading for said in understood(messages) for reading in said.readings]


def test_every_message_is_understood() -> None:
    """Nothing is refused but fields that mean no quantity, and every sensor of the registry speaks."""
    said = understood(sent(seconds=60))
    refused = [each for one in said for each in one.refused]
    assert not refused, refused[:3]
    speaking = {reading.device for one in said for reading in one.readings}
    assert speaking == {each.id for each in registry().devices if isinstance(each, Sensor)}
    assert all(reading.quality == "good" for one in said for reading in one.readings)


def test_the_county_is_wide_enough() -> None:
    """Three sites of each sort in two towns, four cameras, twelve sensors of four foreign conventions."""
    kinds = [each.kind for each in registry().sites]
    assert all(kinds.count(kind) >= 3 for kind in ("canteen-school", "crossroad", "village"))
    assert sum(each.level == "town" for each in registry().areas) >= 2
    cameras = [each for each in registry().devices if isinstance(each, Camera)]
    assert len(cameras) >= 4
    assert {each.transport for each in cameras} == {"tcp", "udp"}
    assert {each.id for each in cameras} == {each.camera for each in FOOTAGE}
    assert all(
        each.purpose and each.legal_basis and each.owner and each.sign_posted and each.filed_no
        for each in cameras
    )
    sensors = [each for each in registry().devices if isinstance(each, Sensor)]
    assert len(sensors) >= 12
    assert len({each.payload for each in sensors} - {"native"}) >= 4


def test_a_composed_camera_says_so() -> None:
    """The drawn kitchen's name says that it is composed; no other camera's does."""
    names = {each.id: each.name for each in registry().devices if isinstance(each, Camera)}
    for each in FOOTAGE:
        name = names[each.camera]
        assert name is not None
        assert ("合成场景" in name.zh) == ("composed scene" in name.en) == each.composed


def raised(seed: int) -> dict[str, list[tuple[str, float]]]:
    """(device, second) of every raise by the county's sensor rules, by condition."""
    place = directory(registry(), timezone="Asia/Shanghai")
    readings = readings_of(sent(seed))
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for params in registry().rules:
        if input_of(params) != "readings":
            continue
        rule = build_reading_rule(params)
        for device in targets(params, place, SENSORS):
            state, before, queue = (
                rule.start(BEGIN),
                "inactive",
                [r for r in readings if r.device == device.id],
            )
            for second in range(int(ROUND)):
                now = BEGIN + timedelta(seconds=second)
                while queue and queue[0].received_at <= now:
                    state = rule.observe(state, queue.pop(0))
                level = rule.level(state, now).state
                if level == "active" and before != "active":
                    found[params.condition or params.id].append((device.id, second))
                before = level
    return found


@pytest.mark.parametrize("seed", [1, 2, 20261122])
def test_the_stories_are_told_in_time(seed: int) -> None:
    """The leak comes within 30 s, each story once a round at its own place, nothing else is raised."""
    found = raised(seed)
    expected = {
        # condition: device, between these seconds
        "gas-level": ("school-1-gas", 22, 30),
        "door-left-open": ("school-1-door", 35, 45),
        "fridge-warm": ("school-1-fridge", 45, 65),
        "sensor-silent": ("village-2-rain", 60, 72),
        "river-high": ("village-1-river", 62, 90),
    }
    assert set(found) == set(expected), found
    for condition, (device, first, last) in expected.items():
        assert [name for name, _ in found[condition]] == [device], (condition, found[condition])
        assert first <= found[condition][0][1] <= last, (condition, found[condition])


def test_the_seed_decides() -> None:
    """The same seed sends the same bytes, another one other bytes."""
    assert sent(3, 30) == sent(3, 30)
    assert sent(3, 30) != sent(4, 30)


@pytest.mark.parametrize(
    ("t", "value", "why"),
    [
        (0, 1.0, "before the first point its value holds"),
        (10, 1.0, "a point is reached"),
        (15, 3.0, "half-way between two points"),
        (20, 5.0, "the next point"),
        (ROUND, 1.0, "a new round begins where the first began"),
        (ROUND + 15, 3.0, "the second round is like the first"),
    ],
)
def test_a_told_course(t: float, value: float, why: str) -> None:
    """A course goes through its points and comes round."""
    assert told(((10, 1.0), (20, 5.0)))(t) == pytest.approx(value), why


def test_within_a_span() -> None:
    """The end of a span is outside, every round anew."""
    inside = within((5, 8))
    assert [inside(t) for t in (4.9, 5, 7.9, 8, ROUND + 6)] == [False, True, True, False, True]


@pytest.mark.slow
def test_the_process_outlives_the_broker(tmp_path: Path) -> None:
    """What was sent while the broker was dead arrives afterwards, with its own time and without a gap."""
    broker = Broker(tmp_path / "broker")
    broker.start()
    times: set[str] = set()
    lock = threading.Lock()

    def keep(message: Message, ack: Ack) -> None:
        with lock:
            times.add(str(json.loads(message.payload)["ts"]))
        ack()

    client = Client(broker.url, "listener", clock=lambda: datetime.now(UTC))
    client.subscribe([("hub/v1/school-1/school-1-gas/telemetry", 1)], keep)
    client.start()
    wait_until(lambda: client.connected, within=10, what="the listener is connected")
    day = subprocess.Popen(
        [sys.executable, "-m", "hub.demo.day", "--broker", broker.url, "--seconds", "13", "--seed", "5"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: len(times) >= 2, within=15, what="the first messages")
        pid = broker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        out, _ = day.communicate(timeout=30)
        counts = json.loads(out)
        assert counts["failed"] == 0
        assert counts["acknowledged"] == counts["sent"] > 0
        assert broker.restarts == 1
        wait_until(lambda: len(times) >= 7, within=10, what="all readings of the gas detector")
    finally:
        day.kill()
        day.wait(5)
        client.stop()
        broker.stop()
    at = sorted(datetime.fromisoformat(each) for each in times)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    assert all(1 < gap < 3.5 for gap in gaps), gaps  # it sends every 2 s
