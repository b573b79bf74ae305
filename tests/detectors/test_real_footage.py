"""The whole way on real film: detector, tracker, rule and blur on the street that `make setup` unpacked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from detectors.blur import blur_persons, person_boxes
from detectors.detections import Detections
from detectors.detector import Detector
from detectors.rule import RuleParams, Scene
from detectors.rules.presence import Params
from detectors.shelf import AnyRuleParams, build_track_rule
from detectors.tracker import Tracker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
START = datetime(2026, 11, 22, 8, tzinfo=UTC)
FPS = 10
ANY: TypeAdapter[RuleParams] = TypeAdapter(AnyRuleParams)


@lru_cache(maxsize=1)
def detector() -> Detector:
    return Detector.load(ROOT / "models" / "coco-ssd")


@lru_cache(maxsize=1)
def street() -> tuple[NDArray[np.uint8], ...]:
    """The first 12 s at 5 frames a second."""
    film = cv2.VideoCapture(str(STREET))
    frames = []
    for index in range(12 * FPS):
        there, image = film.read()
        assert there, f"{STREET} is missing or short; run `make setup`"
        if index % 2 == 0:
            frames.append(np.asarray(image, np.uint8))
    film.release()
    return tuple(frames)


@lru_cache(maxsize=1)
def followed() -> tuple[Scene, ...]:
    """The same with everything that is followed in it."""
    tracker = Tracker()
    moments = [START + timedelta(seconds=index / 5) for index in range(len(street()))]
    return tuple(
        Scene("cam", at, tracker.update(detector().detect(image), at))
        for at, image in zip(moments, street(), strict=True)
    )


def found(label: str, detections: Detections, certainty: float = 0.5) -> int:
    return int(
        ((detections.classes == detections.labels.index(label)) & (detections.certainty >= certainty)).sum()
    )


def test_persons_and_vehicles_are_found() -> None:
    """Every fifth second of the street shows at least three persons and a parked car."""
    for image in street()[::10]:
        seen = detector().detect(image)
        assert found("person", seen) >= 3
        assert found("car", seen) >= 1


def test_where_a_known_person_stands() -> None:
    """In the first frame somebody walks in the middle of the street, and the van stands at the upper right."""
    seen = detector().detect(street()[0])
    boxes = {
        seen.labels[kind]: [box for box, each in zip(seen.boxes, seen.classes, strict=True) if each == kind]
        for kind in set(seen.classes.tolist())
    }
    assert any(0.80 < box[0] < 0.86 and 0.05 < box[1] < 0.12 for box in boxes["car"])
    assert all(0.02 < box[3] - box[1] < 0.45 for box in boxes["person"])


def test_from_film_to_level() -> None:
    """Parked cars keep one id throughout; presence on the road is active since the first frames."""
    rule = build_track_rule(
        Params.model_validate(
            {
                "id": "road",
                "kind": "presence",
                "classes": ["person"],
                "zone": [[0.4, 0.3], [1, 0.3], [1, 1], [0.4, 0.6]],
                "raise_after": "2s",
            }
        )
    )
    state = rule.start(START)
    cars: list[frozenset[int]] = []
    for scene in followed():
        state = json.loads(json.dumps(rule.observe(state, scene)))
        cars.append(frozenset(track.id for track in scene.tracks if track.label == "car"))
    level = rule.level(state, START + timedelta(seconds=12))
    assert level.state == "active"
    assert level.since <= START + timedelta(seconds=1)
    assert {track.label for track in level.tracks} == {"person"}
    assert frozenset.intersection(*cars)


MORE: list[tuple[str, dict[str, object], str]] = [
    ("the cars at the side are parked",
     {"kind": "dwell", "classes": ["car", "truck", "bus"], "longer_than": "5s", "reach": 0.5}, "active"),
    ("more than two walk about", {"kind": "count", "classes": ["person"], "above": 2}, "active"),
    ("somebody is there all the time", {"kind": "absence", "classes": ["person"], "raise_after": "3s"}, "inactive"),
    ("they walk, and queue nowhere",
     {"kind": "queue", "classes": ["person"], "above": 4, "raise_after": "3s"}, "inactive"),
    ("nobody telephones",
     {"kind": "overlap", "classes": ["cell phone"], "others": ["person"], "raise_after": "2s"}, "inactive"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "keys", "expected"), MORE, ids=[row[0] for row in MORE])
def test_more_rules_on_film(reason: str, keys: dict[str, object], expected: str) -> None:
    """Whether each was ever told in the first twelve seconds of the street."""
    rule = build_track_rule(ANY.validate_python({"id": "r", **keys}))
    state, told = rule.start(START), set[str]()
    for scene in followed():
        state = json.loads(json.dumps(rule.observe(state, scene)))
        told.add(rule.level(state, scene.at).state)
    assert ("active" in told) is (expected == "active"), reason


def test_blurred_persons_are_no_longer_found() -> None:
    """After blurring, the model itself sees less than half of the persons: only the outlines of some."""
    before = after = 0
    for image in street()[::12]:
        seen = detector().lowered(0.12).detect(image)
        before += found("person", seen)
        after += found("person", detector().detect(blur_persons(image, person_boxes(seen))))
    assert before >= 15
    assert after < before / 2
