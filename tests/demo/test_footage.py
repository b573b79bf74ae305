"""What the demo's cameras show, looked at by the very detector and rules that will look at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from config.load import load
from config.registry import Registry
from detectors.detector import Detector
from detectors.rule import Scene
from detectors.shelf import build_track_rule, input_of
from detectors.tracker import Tracker
from hub.demo import scene
from hub.demo.footage import FOOTAGE, streams
from ingest.errors import InvalidSetting

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FPS = 5.0


@cache
def detector() -> Detector:
    """The demo's model."""
    return Detector.load(ROOT / "models" / "coco-ssd")


@cache
def registry() -> Registry:
    """The demo county."""
    return load(ROOT / "config" / "demo.yaml", placeholders={"rtsp": "rtsp://127.0.0.1:8554"})


def pictures(
    camera: str, seconds: float, fps: float = FPS, begin: float = 0.0
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(second, picture) of the part of a camera's file from `begin` to `seconds`, so many a second."""
    due = begin
    with av.open(str(streams(ROOT / "build" / "footage")[camera])) as container:
        for frame in container.decode(video=0):
            at = float(frame.time or 0)
            if at >= seconds:
                return
            if at >= due - 1e-6:
                due += 1 / fps
                yield at, np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def raises(camera: str, seconds: float, begin: float = 0.0) -> list[tuple[str, float]]:
    """(rule, second) of every raise on this camera between two seconds of its film."""
    rules = [
        build_track_rule(each)
        for each in registry().rules
        if camera in each.devices and input_of(each) == "tracks"
    ]
    assert rules
    tracker, found = Tracker(), []
    states = [rule.start(BEGIN) for rule in rules]
    before = ["inactive"] * len(rules)
    for second, picture in pictures(camera, seconds, begin=begin):
        at = BEGIN + timedelta(seconds=second)
        looked = Scene(camera, at, tracker.update(detector().detect(picture), at))
        for index, rule in enumerate(rules):
            states[index] = rule.observe(states[index], looked)
            now = rule.level(states[index], at).state
            if now == "active" != before[index]:
                found.append((rule.params.id, round(second, 1)))
            before[index] = now
    return found


def test_every_file_is_as_cameras_send() -> None:
    """H.264 without B-frames, a keyframe every two seconds, the size that cameras have."""
    assert set(streams(ROOT / "build" / "footage")) == {each.camera for each in FOOTAGE}
    for each in FOOTAGE:
        with av.open(str(streams(ROOT / "build" / "footage")[each.camera])) as container:
            video = container.streams.video[0]
            assert video.codec.name == "h264"
            assert not video.codec_context.has_b_frames
            assert video.average_rate == each.fps
            keys = [
                float(p.pts * p.time_base)
                for p in container.demux(video)
                if p.is_keyframe and p.pts is not None
            ]
        assert all(step == pytest.approx(2) for step in np.diff(keys))


def test_the_kitchen_is_empty_but_for_one_man() -> None:
    """The model is sure of a person all the time he is at the store, and sees nobody before and after."""
    zone = np.array(scene.STORE)
    for second, picture in pictures("school-1-cam", scene.SECONDS, 2):
        found = detector().detect(picture)
        people = [
            (float(sure), box)
            for sure, box, kind in zip(found.certainty, found.boxes, found.classes, strict=True)
            if found.labels[int(kind)] == "person"
        ]
        if scene.ARRIVES + 0.3 < second < scene.TURNS - 0.3:
            assert len(people) == 1, second
            sure, (left, _, right, bottom) = people[0]
            assert sure >= 0.5, second
            assert zone[:, 0].min() < (left + right) / 2 < zone[:, 0].max()
            assert zone[:, 1].min() < bottom < zone[:, 1].max()
        elif not scene.ENTERS - 0.3 < second < scene.LEAVES + 0.3:
            assert not [sure for sure, _ in people if sure >= 0.3], second


@pytest.mark.parametrize(
    ("camera", "seconds", "expected"),
    [
        ("school-1-cam", 59, [("after-hours", 23.5, 26.0)]),
        (
            "crossroad-1-cam",
            36,
            [
                ("lane-people", 12.0, 18.0),
                ("van-parked", 19.5, 22.0),
                ("road-full", 11.0, 14.0),
                ("post-passed", 0.5, 3.0),
            ],
        ),
        ("crossroad-2-cam", 28, [("turn-people", 12.0, 22.0)]),
        ("crossroad-3-cam", 9, [("bridge-people", 1.0, 3.0)]),
    ],
)
def test_when_each_camera_raises(
    camera: str, seconds: float, expected: list[tuple[str, float, float]]
) -> None:
    """The first incidents come one after the other, within the demo's first half minute."""
    found = raises(camera, seconds)
    first = dict(reversed(found))
    assert set(first) == {rule for rule, _, _ in expected}, found
    for rule, earliest, latest in expected:
        assert earliest <= first[rule] <= latest, found


MIDDLE = 39.5
"""Seconds of the street film: its rules were drawn by what is before; what follows was labelled by eye."""

LABELLED: list[tuple[str, str, list[float]]] = [
    ("van-parked", "the van stands there all the time: 20 s after the watch began", [59.5]),
    ("lawn-stay", "two come onto the lawn at 51, one stays for twenty seconds", [63.0]),
    ("road-full", "four on the road from 51 and from 60 on, never else", [51.5, 60.5]),
    ("post-passed", "to the left past the post, the first after 4 s without one", [42.5, 50.8, 60.3, 72.2]),
]
"""Passed the post to the left at 42.5, 45.4, 50.8, 60.3, 63.3, 67.1, 67.4, 72.2 and 74.2."""


@cache
def second_half() -> tuple[tuple[str, float], ...]:
    """Every raise on the street's camera in the part of the film by which nothing was drawn."""
    return tuple(raises("crossroad-1-cam", 79, MIDDLE))


@pytest.mark.parametrize(("rule", "reason", "expected"), LABELLED, ids=[row[0] for row in LABELLED])
def test_rules_on_seconds_they_were_not_drawn_by(rule: str, reason: str, expected: list[float]) -> None:
    """Each raises as often as a person who looks at the film would say, and within 2 s of it."""
    found = [second for each, second in second_half() if each == rule]
    assert len(found) == len(expected), f"{reason}: {found}"
    for second, told in zip(found, expected, strict=True):
        assert abs(second - told) <= 2, f"{reason}: {found}"


def test_missing_footage_says_what_to_do(tmp_path: Path) -> None:
    """The error names the files and the command that makes them."""
    with pytest.raises(InvalidSetting, match=r"school-1-cam\.mp4.*make setup"):
        streams(tmp_path)
