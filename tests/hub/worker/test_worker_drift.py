"""Whether a worker's camera still shows what was taught there: its keyframes, in place, moved, hidden, and away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from detectors.teach.region import Picture, parse_region
from hub.worker.assignment import CameraTask
from hub.worker.drift import EVERY, Drift
from hub.worker.taught import TaughtConditions
from hub.worker.watch import Watch
from ingest.packet import Packet
from ingest.video.stream import StreamInfo
from tests.detectors.taught import learned, lit, scene

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
REGION = parse_region("0.3,0.3,0.4,0.4")
MJPEG = StreamInfo(codec="mjpeg", width=640, height=360, time_base=1 / 90000, extradata=b"")


def room(number: int, *, opened: bool = False, right: int = 0, hidden: bool = False) -> Picture:
    """A kitchen of boxes with a lid that is open or not; the camera turned by so many of 640 pixels."""
    made = scene()
    if opened:
        cv2.rectangle(made, (300, 160), (340, 190), (25, 20, 20), -1)
    made = np.roll(made, right, 1)
    if hidden:
        made[60:, 180:460] = (60, 50, 40)
    chance = np.random.default_rng(100 + number)
    return lit(made, chance, light=0.05, grain=3)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> TaughtConditions:
    """The lid, as it was taught."""
    root = tmp_path_factory.mktemp("taught")
    crops = [(REGION.cut(room(n, opened=n % 2 == 0)), n % 2 == 0) for n in range(12)]
    learned(root / "lid", REGION, "lid-open", crops)
    conditions = TaughtConditions(root)
    conditions.keep({"lid"})
    return conditions


class Kitchen:
    """A camera whose packets the test gives, and whoever asks after its drift."""

    def __init__(self, taught: TaughtConditions) -> None:
        self.at = START
        rule = {"id": "lid", "kind": "taught", "taught": "lid"}
        task = CameraTask.model_validate(
            {"device": "kitchen", "site": "school", "url": "rtsp://127.0.0.1/", "rules": [rule]}
        )
        self.watch = Watch(task, on_frame=lambda _: True, clock=lambda: self.at)
        self.watch.camera.begin(MJPEG)
        self.drift = Drift(lambda: [self.watch], taught)

    def show(self, picture: Picture) -> tuple[str, ...]:
        """A keyframe of it now, looked at; what is told after that, EVERY later."""
        self.feed(picture)
        self.drift.step(self.at)
        self.at += EVERY
        return self.drift.messages("kitchen")

    def feed(self, picture: Picture) -> None:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        ticks = round((self.at - START).total_seconds() * 90_000)
        self.watch.camera.take(Packet(data, ticks, ticks, 1 / 90000, True, self.at))


def test_a_camera_that_was_turned_warns(taught: TaughtConditions) -> None:
    """By a tenth of the region; when three of the last five pictures show it, and no more once it is turned back."""
    kitchen = Kitchen(taught)
    assert [kitchen.show(room(n, opened=n % 3 == 0)) for n in range(8)] == [()] * 8
    told = [kitchen.show(room(20 + n, right=26)) for n in range(5)]
    assert [bool(each) for each in told] == [False, False, True, True, True]
    [message] = told[-1]
    assert message.startswith("lid: not as it was taught: it lies 1"), message
    assert "of the region beside its place" in message
    assert "its own examples warned in 0 of " in message
    back = [kitchen.show(room(40 + n)) for n in range(3)]
    assert back[-1] == ()


def test_a_camera_turned_by_a_tenth_of_its_picture_warns(taught: TaughtConditions) -> None:
    """A quarter of the region: its usual view is not found any more."""
    kitchen = Kitchen(taught)
    told = [kitchen.show(room(n, right=64)) for n in range(5)]
    assert [bool(each) for each in told] == [False, False, False, False, True]
    assert "its usual view is not found" in told[-1][0]


def test_who_stands_in_front_for_a_while_does_not_warn(taught: TaughtConditions) -> None:
    """Two pictures of five: nothing is told, then or later."""
    kitchen = Kitchen(taught)
    assert not any(kitchen.show(room(n, hidden=n in {6, 7, 12})) for n in range(16))


def test_it_looks_no_oftener_than_it_should(taught: TaughtConditions) -> None:
    """Steps between two pictures change nothing: five steps at once are one picture."""
    kitchen = Kitchen(taught)
    for n in range(5):
        kitchen.feed(room(n, right=64))
        kitchen.drift.step(kitchen.at)
        kitchen.at += EVERY / 10
    assert kitchen.drift.messages("kitchen") == ()


def test_an_old_picture_tells_nothing(taught: TaughtConditions) -> None:
    """A camera that is away shows what was: nothing is added, and nothing is told."""
    kitchen = Kitchen(taught)
    for n in range(4):
        kitchen.show(room(n, right=64))
    kitchen.at += timedelta(minutes=2)
    for _ in range(4):
        kitchen.drift.step(kitchen.at)
        kitchen.at += EVERY
    assert kitchen.drift.messages("kitchen") == ()
    assert kitchen.show(room(9, right=64)), "the fifth"


def test_what_is_not_taught_any_more_is_forgotten(taught: TaughtConditions) -> None:
    """A rule that is taken away takes its warning along."""
    kitchen = Kitchen(taught)
    for n in range(5):
        kitchen.show(room(n, right=64))
    assert kitchen.drift.messages("kitchen")
    kitchen.watch.change(kitchen.watch.task.model_copy(update={"rules": ()}))
    kitchen.drift.step(kitchen.at)
    assert kitchen.drift.messages("kitchen") == ()
