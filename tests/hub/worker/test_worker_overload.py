"""More cameras than the machine can look at: a real worker, real RTSP, the real model, nothing slowed down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from tests.servers.assignments import AssignmentServer
from tests.servers.broker import Mosquitto
from tests.servers.clips import raw_clip, raw_pictures
from tests.servers.ear import Ear
from tests.servers.rtsp import GstServer
from tests.servers.wait import wait_until
from tests.servers.workers import ROOT, Json, WorkerProcess

pytestmark = pytest.mark.slow

STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
CROWD = [f"c{number}" for number in range(12)]
FAST, CALM = 25.0, 2.0


def task(device: str, url: str, fps: float, **more: object) -> Json:
    return {
        "device": device,
        "site": "s1",
        "url": url,
        "fps": fps,
        "model": "coco-ssd",
        "gate": "open",
        **more,
    }


def test_life_safety_keeps_its_rate_and_the_others_say_that_they_are_thinned(tmp_path: Path) -> None:
    """300 looks a second are wanted, one thread gives a fraction: the camera of life safety gets all its looks.

    Its target is small beside what one thread can do on any machine that runs the tests; what is asserted is each
    camera's rate beside its own target, and what it says of itself.
    """
    clip = raw_pictures(raw_clip(tmp_path / "street.h264", size="320x240", seconds=6, source=STREET))
    rule = {"id": "seen", "kind": "presence", "classes": ["person"], "severity": "life"}
    with GstServer({"street": clip}) as server, Mosquitto(tmp_path) as broker:
        url = server.url("street")
        cameras = [task("life", url, CALM, priority="life", rules=[rule])]
        cameras += [task(device, url, FAST) for device in CROWD]
        assignment = {"epoch": 1, "version": 1, "broker": broker.url, "cameras": cameras}
        ear = Ear(broker.url)
        try:
            with AssignmentServer(assignment) as serve, WorkerProcess(serve.url, tmp_path / "w1"):

                def said() -> dict[str, Mapping[str, object]]:
                    return {
                        device: cast("Json", ear.camera(device).get("sampling", {}))
                        for device in ["life", *CROWD]
                    }

                def settled() -> bool:
                    now = said()
                    return now["life"].get("reason", "?") is None and all(
                        now[device].get("reason") == "thinned" for device in CROWD
                    )

                wait_until(settled, within=60, what="life at its rate, the others thinned")
                begun = len(ear.statuses)
                wait_until(lambda: len(ear.statuses) > begun + 4, within=30, what="four more statuses")
                now = said()
                assert settled(), now
                assert cast("float", now["life"]["actual_fps"]) >= 0.95 * CALM, now
                rates = [cast("float", now[device]["actual_fps"]) for device in CROWD]
                assert max(rates) < 0.9 * FAST, now
                assert min(rates) > 0, now  # thinned, not blind
                looking = cast("Json", ear.statuses[-1]["analysis"])
                assert cast("Json", looking["frame_to_look"])["n"]
                wait_until(lambda: "active" in ear.states("life"), within=20, what="its raise")
        finally:
            ear.close()
