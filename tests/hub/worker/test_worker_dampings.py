"""Dampings in a worker: a rule is not shown what is damped for it; others are, and who comes in from elsewhere is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.detections import Detections
from hub.worker.assignment import CameraTask
from hub.worker.watch import Watch
from ingest.frame import Frame
from ingest.raster import Pixels

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
BLACK = Pixels(np.zeros((90, 160, 3), np.uint8))
SPOT = (0.4, 0.3, 0.5, 0.7)
COAT = {
    "id": "01", "rule": "yard", "device": "cam", "label": "person", "box": SPOT, "aspect": 16 / 9,
    "at": "2026-11-20T08:20:00Z", "expires_at": "2026-11-30T00:00:00Z",
}  # fmt: skip


def watch(**damping: object) -> Watch:
    """A camera with two rules, of which one is damped."""
    rule = {"kind": "presence", "classes": ["person"], "raise_after": "1s", "clear_after": "1s"}
    task = {
        "device": "cam",
        "site": "site",
        "url": "rtsp://127.0.0.1/",
        "model": "coco-ssd",
        "rules": [{"id": "yard", **rule}, {"id": "other", **rule}],
        "dampings": [COAT | damping],
    }
    return Watch(CameraTask.model_validate(task), on_frame=lambda _: True, clock=lambda: START)


def seen(watched: Watch, second: float, box: tuple[float, float, float, float]) -> dict[str, str]:
    """The state of each rule after a frame with a person in this box."""
    found = Detections(np.array([box], np.float32), np.array([0.9], np.float32), np.array([0]), ("person",))
    frame = Frame("cam", second, START + timedelta(seconds=second), BLACK)
    return {each.params.id: each.level.state for each in watched.look(frame, found, 0.5)}


def stays(watched: Watch) -> dict[str, str]:
    """The states after five seconds of the coat."""
    states: dict[str, str] = {}
    for tick in range(25):
        states = seen(watched, tick / 5, SPOT)
    return states


def test_what_is_damped_raises_nothing_and_other_rules_see_it() -> None:
    """The coat on its spot."""
    assert stays(watch()) == {"yard": "inactive", "other": "active"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"expires_at": "2026-11-22T08:00:00Z"}, "its time is over"),
        ({"at": "2026-11-20T11:00:00Z"}, "it is of another hour"),
        ({"label": "dog"}, "it is of another class"),
        ({"box": (0.0, 0.3, 0.05, 0.7)}, "it is of another spot"),
        ({"device": "cam-2"}, "it is of another camera"),
        ({"rule": "other"}, "it is of another rule"),
    ],
)
def test_what_is_not_quite_that_raises(change: dict[str, object], why: str) -> None:
    """Each limit of the entry counts by itself."""
    assert stays(watch(**change))["yard"] == "active", why


def test_who_walks_in_raises_at_the_very_same_spot() -> None:
    """What began elsewhere is another thing."""
    watched = watch()
    states: dict[str, str] = {}
    for tick in range(50):
        left = min(0.02 + tick * 0.016, SPOT[0])
        states = seen(watched, tick / 5, (left, 0.3, left + 0.1, 0.7))
    assert states == {"yard": "active", "other": "active"}


def test_a_task_with_new_dampings_goes_on_with_the_same_rules() -> None:
    """What a rule remembers stays; only what it is shown changes: the raise of the coat ends."""
    watched = watch(expires_at="2026-11-22T08:00:00Z")
    assert stays(watched)["yard"] == "active"
    task = watch().task
    watched.change(task)
    states = {}
    for tick in range(25, 45):
        states = seen(watched, tick / 5, SPOT)
    assert states == {"yard": "inactive", "other": "active"}
