"""Views: what a camera usually shows outlives its worker, and nothing else is taken for it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.health import shipped
from detectors.usual import Usual
from detectors.usual_file import pack, unpack
from hub.worker.assignment import CameraTask
from hub.worker.camera_check import CameraCheck
from hub.worker.views import UNWRITTEN, Views
from ingest.errors import InvalidInput
from ingest.glance import Glance
from ingest.video.health import CameraHealth

BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)


def room() -> NDArray[np.uint8]:
    """Boards, doors and boxes, each somewhere."""
    random = np.random.default_rng(3)
    picture = np.full((90, 160), 120, np.uint8)
    for _ in range(40):
        top, left = random.integers(0, 80), random.integers(0, 145)
        picture[top : top + random.integers(5, 30), left : left + random.integers(5, 40)] = random.integers(
            20, 235
        )
    return picture


ROOM = room()
ASIDE = np.roll(ROOM, 13, axis=1)
TASK = CameraTask(device="cam", site="site", url="rtsp://user:word@10.0.0.9/1", rules=({"id": "a"},))


def noisy(grey: NDArray[np.uint8], seed: int) -> Glance:
    noise = np.random.default_rng(seed).normal(0, 2, grey.shape)
    picture = np.clip(grey + noise, 0, 255).astype(np.uint8)
    return Glance("cam", seed * 5.0, BEGIN + timedelta(seconds=5 * seed), picture)


def check() -> CameraCheck:
    return CameraCheck("cam", [shipped("moved")], ZoneInfo("Asia/Shanghai"), BEGIN)


def learned() -> Usual:
    """The room, seen for two minutes."""
    checked = check()
    for n in range(24):
        checked.glance(noisy(ROOM, n))
    return checked.usual


def turned(checked: CameraCheck) -> str:
    """What is said after ten minutes of looking a little to the side."""
    for n in range(30, 150):
        checked.glance(noisy(ASIDE, n))
    now = BEGIN + timedelta(seconds=5 * 149)
    stream = CameraHealth(
        state="online", reason=None, message="", since=BEGIN, last_packet_at=now, received=1, decoded=1, dropped=0,
        undecodable=0, received_fps=25.0, decoded_fps=1.0, codec="h264", width=1280, height=720, reconnects=0,
        clock_offset=None,
    )  # fmt: skip
    return next((level.state for _, _, level in checked.tick(now, stream)), "nothing")


def test_a_camera_turned_aside_while_no_worker_ran_is_found(tmp_path: Path) -> None:
    """Only who knows the usual view can tell."""
    Views(tmp_path).write(TASK, learned())
    knows, knows_not = check(), check()
    knows.remember(Views(tmp_path).read(TASK))
    assert turned(knows) == "active"
    assert turned(knows_not) != "active"


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Every number; and the address's password stands nowhere."""
    usual = learned()
    views = Views(tmp_path)
    views.write(TASK, usual)
    again = Views(tmp_path).read(TASK)
    assert [each.count for each in again.views] == [each.count for each in usual.views]
    assert all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(again.views, usual.views, strict=True)
        for name in ("edges", "coarse", "texture", "fine", "spread", "low")
    )
    (path,) = tmp_path.iterdir()
    assert b"word" not in path.read_bytes()


OTHER = [
    (TASK.model_copy(update={"url": "rtsp://user:word@10.0.0.9/2"}), "another stream"),
    (TASK.model_copy(update={"rules": ({"id": "b"},)}), "other zones, perhaps because it was moved"),
    (TASK.model_copy(update={"device": "other"}), "another camera"),
]


@pytest.mark.parametrize(("task", "why"), OTHER, ids=[row[1] for row in OTHER])
def test_it_is_learned_anew(tmp_path: Path, task: CameraTask, why: str) -> None:
    """Where the camera may look elsewhere now, what was usual says nothing."""
    Views(tmp_path).write(TASK, learned())
    assert Views(tmp_path).read(task) == Usual(), why


def test_another_password_is_the_same_view(tmp_path: Path) -> None:
    """Passwords are changed; the camera stays where it is."""
    Views(tmp_path).write(TASK, learned())
    task = TASK.model_copy(update={"url": "rtsp://user:other@10.0.0.9/1"})
    assert Views(tmp_path).read(task).known


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(500), pack(Usual(), of="x")[:-20]])
def test_a_broken_file_is_as_none_and_is_counted(tmp_path: Path, content: bytes) -> None:
    """A crash while writing, a full disk: the camera learns anew."""
    views = Views(tmp_path)
    views.write(TASK, learned())
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    again = Views(tmp_path)
    assert again.read(TASK) == Usual()
    assert again.errors == 1


def test_what_pack_did_not_make_is_refused() -> None:
    """Nothing in the file is believed: not its shapes, not its numbers, and no objects."""
    with pytest.raises(InvalidInput):
        unpack(b"\x80\x04N.")
    broken = learned()
    broken.views[0].edges[0, 0] = np.nan
    with pytest.raises(InvalidInput, match="numbers"):
        unpack(pack(broken, of="x"))


def test_a_camera_that_went_leaves_nothing(tmp_path: Path) -> None:
    """At once while a worker runs, after a while where none did; too little seen is not kept at all."""
    views = Views(tmp_path)
    views.write(TASK, Usual())
    assert not list(tmp_path.iterdir())
    views.write(TASK, learned())
    views.forget("cam")
    assert not list(tmp_path.iterdir())
    views.write(TASK, learned())
    (path,) = tmp_path.iterdir()
    now = datetime.now(UTC)
    views.tidy(now)
    assert path.exists()
    old = (now - UNWRITTEN - timedelta(hours=1)).timestamp()
    os.utime(path, (old, old))
    views.tidy(now)
    assert not path.exists()
