"""Taught conditions in a worker: frames of a camera become what a rule says."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.detections import Detections
from detectors.teach.region import Picture, Region, parse_region
from hub.worker.assignment import CameraTask
from hub.worker.taught import TaughtConditions
from hub.worker.watch import Watch
from ingest.frame import Frame
from ingest.raster import Pixels
from tests.detectors.taught import learned, lit

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
DOOR = parse_region("0.5,0.25,0.25,0.5")
LABELS = ("person",)


def room(number: int, *, opened: bool) -> Picture:
    """A drawn room whose door stands open, or not; noise and light differ."""
    chance = np.random.default_rng(number * 2 + opened)
    made = np.full((120, 200, 3), 170, np.uint8)
    cv2.rectangle(made, (110, 40), (138, 88), (60, 90, 140), -1)
    if opened:
        cv2.rectangle(made, (116, 44), (134, 88), (25, 20, 20), -1)
    return lit(made, chance, light=0.1, grain=4)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with a door, and the same taught as if it were of upper bodies."""
    root = tmp_path_factory.mktemp("models")
    crops = [(DOOR.cut(room(n, opened=n % 2 == 0)), n % 2 == 0) for n in range(12)]
    learned(root / "door", DOOR, "door-open", crops)
    learned(root / "bodies", Region("upper-body"), "no-apron", crops)
    return root


def watch(**rule: object) -> Watch:
    """A camera with one rule; its stream is not read."""
    body = {"id": "r", "kind": "taught", "taught": "door", "raise_after": "2s", **rule}
    task = CameraTask.model_validate(
        {"device": "cam", "site": "site", "url": "rtsp://127.0.0.1/", "model": "coco-ssd", "rules": [body]}
    )
    return Watch(task, on_frame=lambda _: True, clock=lambda: START)


def frame(second: float, picture: Picture) -> Frame:
    return Frame("cam", second, START + timedelta(seconds=second), Pixels(picture))


def test_a_door_that_stands_open_raises(models: Path) -> None:
    """Once a second it looks; after the rule's two seconds it holds, and when the door is closed it is over."""
    conditions, camera = TaughtConditions(models), watch()
    conditions.keep(camera.taught)
    said, looks = list[tuple[float, str]](), 0
    for tick in range(60):
        seen = frame(tick / 5, room(500 + tick, opened=20 <= tick < 45))
        due = camera.sights_due(seen.at)
        looks += bool(due)
        sights = conditions.look(due, seen.raster, Detections.none(LABELS)) if due else ()
        [verdict] = camera.look(seen, Detections.none(LABELS), 0.5, sights)
        if not said or said[-1][1] != verdict.level.state:
            said.append((tick / 5, verdict.level.state))
    assert looks == 12
    assert said == [(0.0, "inactive"), (6.0, "active"), (9.0, "inactive")]
    assert DOOR.rectangle is not None
    left, top, width, height = DOOR.rectangle
    drawn = camera.where_taught("door")
    assert drawn is not None, "the evidence shows where it looked"
    assert (drawn[0], drawn[2]) == ((left, top), (left + width, top + height))
    [verdict] = camera.tick(START + timedelta(seconds=30), None)[:1]
    assert verdict.level.state == "unknown", "nobody looked for ten seconds"


def test_a_folder_that_cannot_be_used_is_told(models: Path, tmp_path: Path) -> None:
    """Its rule knows nothing; once the folder is whole it is taken up."""
    root = tmp_path / "models"
    shutil.copytree(models, root)
    pointer = root / "door" / "current"
    pointer.write_text("door-open-v9")
    conditions = TaughtConditions(root)
    conditions.keep({"door", "gone"})
    assert [(each.name, each.condition) for each in conditions.states()] == [("door", None), ("gone", None)]
    assert all(each.reason for each in conditions.states())
    seen = frame(0, room(1, opened=True))
    assert conditions.look({"door", "gone"}, seen.raster, Detections.none(LABELS)) == ()
    pointer.write_text("door-open-v1\n")
    conditions.keep({"door"})
    [sight] = conditions.look({"door"}, seen.raster, Detections.none(LABELS))
    assert sight.p >= sight.limit
    assert not sight.of_persons


def test_upper_bodies_are_of_persons(models: Path) -> None:
    """The surest of all persons decides; without anybody it does not hold."""
    conditions = TaughtConditions(models)
    conditions.keep({"bodies"})
    picture = np.full((240, 400, 3), 170, np.uint8)
    picture[60:200, 200:300] = cv2.resize(DOOR.cut(room(3, opened=True)), (100, 140))
    nobody = Detections.none(LABELS)
    assert [each.p for each in conditions.look({"bodies"}, Pixels(picture), nobody)] == [0.0]
    box = np.array([[0.5, 0.25, 0.75, 0.9], [0.0, 0.0, 0.01, 0.01]], np.float32)
    two = Detections(box, np.array([0.9, 0.9], np.float32), np.zeros(2, np.int64), LABELS)
    [sight] = conditions.look({"bodies"}, Pixels(picture), two)
    assert sight.of_persons
    assert 0.0 < sight.p < 1.0
    assert sight.where is not None
    assert sight.where[0] < 0.5 < sight.where[0] + sight.where[2]
