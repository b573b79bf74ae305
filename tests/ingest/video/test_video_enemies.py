"""Cameras that send real video and misbehave: what is said of them, and that they go on where they can."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.frame import Frame
from ingest.video.camera import Camera
from tests.servers import enemy, nasty
from tests.servers.clips import raw_clip
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def watching(behave: nasty.Behaviour) -> Iterator[tuple[Camera, list[Frame]]]:
    """A camera at an enemy, every picture looked at, and its frames."""
    frames: list[Frame] = []

    def take(frame: Frame) -> bool:
        frames.append(frame)
        return True

    with nasty.server(behave) as port:
        camera = Camera("cam", f"rtsp://127.0.0.1:{port}/x", fps=5, on_frame=take, clock=now, gate="open")
        camera.start()
        try:
            yield camera, frames
        finally:
            camera.stop(8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 320×240, a keyframe each second."""
    return raw_clip(tmp_path_factory.mktemp("enemy") / "a.h264", seconds=2)


def test_one_that_hangs_up_is_opened_again(clip: Path) -> None:
    """Every two seconds it closes the connection: it is read again each time, and said to have ended."""
    with watching(enemy.camera(clip, enemy.hangs_up)) as (camera, frames):
        wait_until(lambda: camera.health(now()).reconnects >= 2, within=25, what="two reconnects")
        before = len(frames)
        wait_until(lambda: len(frames) > before, within=10, what="further frames")
        assert before > 5


def test_time_that_jumps_back_is_not_believed(clip: Path) -> None:
    """Ten seconds back: media time goes on rising at the real pace, in the same session."""
    with watching(enemy.camera(clip, enemy.goes_back)) as (camera, frames):
        wait_until(lambda: len(frames) > 25, within=20, what="frames beyond the jump")
        stamps = [frame.pts for frame in frames]
        assert stamps == sorted(stamps)
        assert stamps[-1] - stamps[0] < 2 * len(stamps) / 5
        seen = camera.health(now())
    assert (seen.state, seen.reconnects) == ("online", 0)


def test_a_new_resolution_in_the_middle(clip: Path, tmp_path: Path) -> None:
    """Frames and stills have the new size at once, in the same session."""
    larger = raw_clip(tmp_path / "b.h264", size="640x480", seconds=2)
    with watching(enemy.camera(clip, enemy.changes_to(larger))) as (camera, frames):
        wait_until(lambda: bool(frames) and frames[0].image.shape[1] == 320, within=10, what="small frames")
        wait_until(lambda: frames[-1].image.shape[1] == 640, within=10, what="large frames")
        still = camera.latest_keyframe()
        assert still is not None
        assert still.image.shape == (480, 640, 3)
        seen = camera.health(now())
    assert (seen.state, seen.reconnects) == ("online", 0)


def test_one_that_turns_to_garbage_is_given_up(clip: Path) -> None:
    """What is no video any more is said to be garbage, and its neighbour goes on."""
    garbage = enemy.camera(clip, enemy.turns_to_garbage())
    with watching(garbage) as (bad, _), watching(enemy.camera(clip, enemy.pictures)) as (good, frames):
        wait_until(lambda: bad.health(now()).reason == "garbage", within=25, what="garbage")
        before = len(frames)
        wait_until(lambda: len(frames) > before + 5, within=5, what="the neighbour's frames")
        assert good.health(now()).reconnects == 0


def test_a_wrong_password_is_not_tried_again_at_once() -> None:
    """In the first six seconds it is said once: cameras lock accounts."""
    asked: list[float] = []
    waited = threading.Event()

    def count(line: object) -> None:
        asked.append(0.0)
        nasty.unauthorized(line)  # type: ignore[arg-type] # the socket that nasty.server hands on

    with watching(count) as (camera, _):
        wait_until(lambda: camera.health(now()).reason == "unauthorized", within=5, what="unauthorized")
        waited.wait(6)
        assert len(asked) == 1
        assert camera.health(now()).state == "offline"
