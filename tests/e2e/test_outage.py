"""Parts go away and come back: each is shown as such, recovers by itself, and disturbs nobody else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import yaml

from ingest.mqtt.client import Client
from tests.e2e.running import JSON, Running, demo, frozen, until

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]

SHARE = 0.9
"""Of what a camera did before."""
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
    """What cameras did before an outage, and must go on doing.

    All go on receiving. How often one is analysed is compared only while its gate stays open: a quiet one is not.
    """

    def __init__(self, before: dict[str, JSON]) -> None:
        self._before = {name: each for name, each in before.items() if each["kind"] == "camera"}
        self._open = {name for name, each in self._before.items() if each["gate"] == "open"}

    def go_on(self, now: dict[str, JSON], *, but: str = "") -> None:
        """Each as before, except one."""
        for name, before in self._before.items():
            device = now[name]
            if name == but:
                self._open.discard(name)
                continue
            assert device["state"] == before["state"], name
            # On a busy machine what waited comes in a burst, and counts as more than a camera sends.
            assert received(device) >= SHARE * min(received(before), SENDS), name
            if device["gate"] != "open":
                self._open.discard(name)
            if name in self._open:
                # A gate that has just opened looks at what came before as well: more than is wanted.
                assert rate(device) >= SHARE * min(rate(before), WANTED[name]), name
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
        cameras = Cameras(before)
        run = running.wait_ready()
        client = Client(str(run["mqtt"]), "outage-test", clock=lambda: datetime.now(UTC))
        client.start()
        until(lambda: True if client.connected else None, seconds=10, what="the test's client is connected")
        target = before["village-3-wind"]  # speaks the native convention
        with frozen(running.pids("mosquitto")):
            stopped = time.monotonic()
            until(
                lambda: (
                    True
                    if all(
                        each["state"] == "unknown"
                        for each in states(running).values()
                        if each["kind"] == "sensor"
                    )
                    else None
                ),
                seconds=15,
                what="sensors unknown",
            )
            assert component(running, "broker") != "ok"
            future = client.publish(
                f"hub/v1/{target['site']}/{target['id']}/telemetry", b'{"battery": 61.5}', qos=1
            )
            while time.monotonic() - stopped < 20:
                cameras.go_on(states(running))
                time.sleep(1)
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
        cameras = Cameras(before)
        lonely = running.pids("hub.demo.rtsp")
        assert len(lonely) >= 2, "one camera of the demo has an RTSP server of its own"
        urls = cast("dict[str, str]", running.wait_ready()["rtsp"])
        ports = [url.split("/")[2].split(":")[-1] for url in urls.values()]
        alone = next(name for name, url in urls.items() if ports.count(url.split("/")[2].split(":")[-1]) == 1)
        pid = next(each for each in lonely if f"{alone}=" in command(each))
        with frozen([pid]):
            stopped = time.monotonic()
            until(
                lambda: True if running.device(alone)["state"] == "offline" else None,
                seconds=15,
                what=f"{alone} offline",
            )
            while time.monotonic() - stopped < 20:
                cameras.go_on(states(running), but=alone)
                time.sleep(1)
        until(
            lambda: True if running.device(alone)["state"] == "online" else None,
            seconds=10,
            what=f"{alone} back online",
        )


def command(pid: int) -> str:
    """How the process was started."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
