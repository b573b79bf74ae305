"""Parts go away and come back: each is shown as such, recovers by itself, and disturbs nobody else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import cast

import pytest
import yaml

from ingest.mqtt.client import Client
from tests.e2e.running import JSON, Running, demo, frozen, until

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]

SHARE = 0.9
"""Of what a camera did before."""
WINDOW = 10
"""Seconds that a camera's rates are told over."""
SENDS = 25
"""Pictures a second of the demo's fastest camera."""
WANTED = {
    each["id"]: each["fps"]
    for each in yaml.safe_load((ROOT / "config" / "demo.yaml").read_text("utf-8"))["devices"]
    if each["kind"] == "camera"
}
"""Analysed pictures a second that the demo asks for."""


def states(running: Running) -> dict[str, JSON]:
    """Every device by id."""
    return {str(each["id"]): each for each in running.items("/devices?limit=1000")}


def rate(camera: JSON) -> float:
    """Analysed frames per second over the last 10 s."""
    return cast("float", camera["analysed_fps"])


class Cameras:
    """What cameras did before an outage, and must go on doing while it lasts.

    Each second they are looked at: all stay in their state. Their rates, over the last 10 s each time, are compared in
    the mean of the outage, once a whole window of it is behind them: a second that the machine gave to somebody else
    is no disturbance by the outage. How often one is analysed counts only while its gate stays open: a quiet one
    is not.
    """

    def __init__(self, before: dict[str, JSON]) -> None:
        self._before = {name: each for name, each in before.items() if each["kind"] == "camera"}
        self._open = {name for name, each in self._before.items() if each["gate"] == "open"}
        self._began = time.monotonic()
        self._received: dict[str, list[float]] = {name: [] for name in self._before}
        self._analysed: dict[str, list[float]] = {name: [] for name in self._before}

    def look(self, now: dict[str, JSON], *, but: str = "") -> None:
        """Each as before, except one."""
        whole = time.monotonic() - self._began >= WINDOW
        for name, before in self._before.items():
            device = now[name]
            if name == but:
                self._open.discard(name)
                continue
            assert device["state"] == before["state"], name
            if device["gate"] != "open":
                self._open.discard(name)
            if whole:
                self._received[name].append(received(device))
                self._analysed[name].append(rate(device))

    def went_on(self) -> None:
        """At the end: none did less than SHARE of what it did before."""
        for name, rates in self._received.items():
            # On a busy machine what waited comes in a burst, and counts as more than a camera sends.
            assert not rates or mean(rates) >= SHARE * min(received(self._before[name]), SENDS), name
        for name in self._open:
            # A gate that has just opened looks at what came before as well: more than is wanted.
            assert mean(self._analysed[name]) >= SHARE * min(rate(self._before[name]), WANTED[name]), name
        assert self._open, "no camera had its gate open all the while"


def received(camera: JSON) -> float:
    """Frames per second received over the last 10 s."""
    return cast("float", camera["received_fps"])


def settled(running: Running) -> dict[str, JSON]:
    """Every device, once all cameras are online and have been analysed for a whole window."""
    until(
        lambda: (
            True
            if all(each["state"] == "online" for each in states(running).values() if each["kind"] == "camera")
            else None
        ),
        seconds=40,
        what="all cameras online",
    )
    time.sleep(12)
    return states(running)


def component(running: Running, name: str) -> str:
    """The state of one part in /readyz."""
    body = running.get("/../../readyz").json()
    return str(cast("JSON", cast("JSON", body["components"])[name])["state"])


def test_broker_stops_for_20_seconds(tmp_path: Path) -> None:
    """Sensors become unknown, cameras go on, what a QoS 1 client published meanwhile arrives."""
    with demo(tmp_path / "data") as running:
        before = settled(running)
        run = running.wait_ready()
        client = Client(str(run["mqtt"]), "outage-test", clock=lambda: datetime.now(UTC))
        client.start()
        until(lambda: True if client.connected else None, seconds=10, what="the test's client is connected")
        target = before["village-3-wind"]  # speaks the native convention
        with frozen(running.pids("mosquitto")):
            cameras = Cameras(before)
            stopped = time.monotonic()
            future = None
            while time.monotonic() - stopped < 20:
                now = states(running)
                cameras.look(now)
                if future is None and all(
                    each["state"] == "unknown" for each in now.values() if each["kind"] == "sensor"
                ):
                    assert time.monotonic() - stopped <= 15, "sensors are unknown within 15 s"
                    assert component(running, "broker") != "ok"
                    future = client.publish(
                        f"hub/v1/{target['site']}/{target['id']}/telemetry", b'{"battery": 61.5}', qos=1
                    )
                time.sleep(1 if future else 0.25)
            assert future is not None, "sensors are unknown"
            cameras.went_on()
        until(lambda: True if component(running, "broker") == "ok" else None, seconds=10, what="broker back")
        future.result(15)
        client.stop(5)
        until(
            lambda: (
                True
                if any(
                    each["value"] == 61.5
                    for each in running.items(f"/readings?device={target['id']}&quantity=battery&limit=1000")
                )
                else None
            ),
            seconds=10,
            what="the value published during the outage",
        )
        until(
            lambda: (
                True
                if all(
                    each["state"] == before[name]["state"]
                    for name, each in states(running).items()
                    if each["kind"] == "sensor" and before[name]["state"] == "online"
                )
                else None
            ),
            seconds=10,
            what="sensors are what they were",
        )


def test_one_stream_stops(tmp_path: Path) -> None:
    """A camera whose stream stops is offline within 15 s and back within 10 s; the rest does not notice."""
    with demo(tmp_path / "data") as running:
        before = settled(running)
        lonely = running.pids("hub.demo.rtsp")
        assert len(lonely) >= 2, "one camera of the demo has an RTSP server of its own"
        urls = cast("dict[str, str]", running.wait_ready()["rtsp"])
        ports = [url.split("/")[2].split(":")[-1] for url in urls.values()]
        alone = next(name for name, url in urls.items() if ports.count(url.split("/")[2].split(":")[-1]) == 1)
        pid = next(each for each in lonely if f"{alone}=" in command(each))
        with frozen([pid]):
            cameras = Cameras(before)
            stopped = time.monotonic()
            offline = False
            while time.monotonic() - stopped < 20:
                now = states(running)
                cameras.look(now, but=alone)
                if not offline and now[alone]["state"] == "offline":
                    assert time.monotonic() - stopped <= 15, f"{alone} is offline within 15 s"
                    offline = True
                time.sleep(1 if offline else 0.25)
            assert offline, f"{alone} is offline"
            cameras.went_on()
        until(
            lambda: True if running.device(alone)["state"] == "online" else None,
            seconds=10,
            what=f"{alone} back online",
        )


def command(pid: int) -> str:
    """How the process was started."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
