"""Evidence of one camera from RTSP to the browser, and a worker that is killed in the middle of it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.instant import format_instant
from tests.e2e.running import ADMIN_PASSWORD, JSON, ROOT, Running, until
from tests.servers import clock
from tests.servers.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
LOOP = 40.0
"""Seconds of the street's footage."""
COUNTY = f"""
areas: [{{id: county, level: county, name: County}}]
units: [{{id: duty, area: county, name: Duty}}]
sites: [{{id: road, area: county, kind: crossroad, name: Road}}]
devices: [{{id: cam, site: road, kind: camera, url: "{{url}}", fps: 5, model: coco-ssd}}]
rules:
  - {{id: seen, kind: presence, condition: person-after-hours, devices: [cam], classes: [person], severity: major,
     raise_after: 10s, clear_after: 5s}}
routes: [{{unit: duty, workflow: four-step}}]
users: [{{name: olga, role: operator, areas: [county], password: {ADMIN_PASSWORD}}}]
"""


@contextmanager
def rtsp(clip: Path, port: int) -> Iterator[None]:
    """A server with the stream `cam`, a process of its own."""
    command = [sys.executable, "-m", "hub.demo.rtsp", "--stream", f"cam={clip}", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("rtsp://")
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Callable[[], None]]]:
    """A hub with one camera that sees people all the time; what is called empties its road."""
    folder = tmp_path_factory.mktemp("evidence")
    port = free_port()
    street = clock.stamped_clip(folder / "street.mp4", STREET, LOOP)
    empty = clock.stamped_clip(folder / "empty.mp4", None, 6.0)
    running = Running(folder / "data", command=("serve", "--workers", "1"))
    with ExitStack() as stack:
        stack.callback(running.stop)
        showing = stack.enter_context(ExitStack())
        showing.enter_context(rtsp(street, port))
        running.wait_ready()
        county = COUNTY.replace("{url}", f"rtsp://127.0.0.1:{port}/cam")
        headers = {"Authorization": f"Bearer {running.token()}"}
        answer = httpx.post(
            f"{running.base}/registry/apply", content=county.encode(), headers=headers, timeout=30
        )
        assert answer.status_code == 200, answer.text

        def clear_the_road() -> None:
            showing.close()
            showing.enter_context(rtsp(empty, port))

        yield running, clear_the_road


def numbers(clip: bytes) -> list[int]:
    """What the clock in each picture of a clip says."""
    with av.open(io.BytesIO(clip), "r") as container:
        return [
            clock.read(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            for frame in container.decode(video=0)
        ]


def picture(content: bytes) -> NDArray[np.uint8]:
    """A JPEG's pixels."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return cast("NDArray[np.uint8]", image)


def seconds(first: int, last: int) -> float:
    """From one number of the clock to a later one; the footage begins anew after LOOP."""
    return (last - first) % round(LOOP * clock.FPS) / clock.FPS


def the_incident(running: Running) -> JSON:
    """The only one there ever was."""
    [found] = running.items("/incidents")
    return found


def raised_incident(running: Running) -> JSON:
    """The only one, once it is there: each test may be the first to ask."""
    until(lambda: running.items("/incidents") or None, seconds=90, what="the raise")
    return the_incident(running)


def test_the_clip_shows_five_seconds_before_and_after(hub: tuple[Running, Callable[[], None]]) -> None:
    """By the clock in the footage: the raise is what the snapshot shows; the shown clip covers the same, blurred."""
    running, _ = hub
    path = f"/incidents/{raised_incident(running)['id']}"

    def ready() -> bool | None:
        shown = cast("JSON", the_incident(running)["evidence"])
        return True if (shown["snapshot"], shown["clip"]) == ("ready", "ready") else None

    until(ready, seconds=40, what="snapshot and clip")
    raised = clock.read(picture(running.get(f"{path}/snapshot.jpg").content))
    running.token("olga", ADMIN_PASSWORD)
    original = running.get(f"{path}/clip.mp4?original=1&reason=a test of evidence", "olga")
    assert original.status_code == 200, original.text
    found = numbers(original.content)
    assert seconds(found[0], raised) >= 5.0
    assert seconds(raised, found[-1]) >= 5.0
    assert seconds(found[0], found[-1]) < 5 + 2 + 5 + 3, "no more than a group of pictures too much"
    assert all(seconds(before, after) == 1 / clock.FPS for before, after in pairwise(found)), (
        "no picture is missing"
    )

    first = running.get(f"{path}/clip.mp4")
    assert (first.status_code, first.json()["type"]) == (409, "urn:hub:problem:evidence-pending")
    assert int(first.headers["retry-after"]) > 0

    def made() -> httpx.Response | None:
        answer = running.get(f"{path}/clip.mp4")
        return None if answer.status_code == 409 else answer

    shown = until(made, seconds=150, what="the shown clip", every=1.0)
    assert shown.status_code == 200, shown.text
    assert numbers(shown.content) == found
    digests = cast("JSON", cast("JSON", the_incident(running)["evidence"])["sha256"])
    assert set(digests) == {"shown.jpg", "shown-boxes.jpg", "original.mp4", "shown.mp4"}
    part = httpx.get(
        f"{running.base}{path}/clip.mp4",
        headers={"Authorization": f"Bearer {running.token()}", "Range": "bytes=-100"},
        timeout=20,
    )
    assert (part.status_code, part.content) == (206, shown.content[-100:])
    on_disk = [each for each in running.data.rglob("*original*") if each.is_file()]
    assert on_disk
    assert all(b"ftyp" not in each.read_bytes()[:4096] for each in on_disk), (
        "an original lies nowhere as it is"
    )


def test_a_worker_killed_in_the_middle(hub: tuple[Running, Callable[[], None]]) -> None:
    """Started again, it goes on with the same incident and case; when the road is empty, that incident clears."""
    running, clear_the_road = hub
    before = raised_incident(running)
    assert before["state"] == "open"
    [worker] = running.pids("hub worker") or running.pids("worker")
    os.kill(worker, signal.SIGKILL)
    killed = format_instant(datetime.now(UTC))
    until(lambda: None if worker in running.pids("worker") else True, seconds=10, what="its end")

    def renewed() -> bool | None:
        now = the_incident(running)
        return True if str(now["updated_at"]) > killed and not now["stale"] else None

    until(renewed, seconds=60, what="the same incident, said again by the new worker")
    now = the_incident(running)
    assert (now["id"], now["raised_at"], now["state"]) == (before["id"], before["raised_at"], "open")
    clear_the_road()
    until(
        lambda: True if the_incident(running)["state"] == "cleared" else None, seconds=90, what="the clearing"
    )
    log = [str(each["type"]) for each in running.items("/events?after=0&limit=1000")]
    assert log.count("incident.raised") == 1
    assert log.count("incident.cleared") == 1
    assert log.count("case.opened") == 1
    assert len(running.items("/cases")) == 1
    assert the_incident(running)["id"] == before["id"]
