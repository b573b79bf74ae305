"""Trackers side by side: ours, and those libraries that are installed (norfair, supervision up to 0.26).

    python -m bench.looking trackers

Two inputs, at 5 pictures a second, the same boxes for each: walkers made up (noise in every box, one box in ten
missed, false boxes, and each second walker unseen for a second in the middle), whose true ids are known; and what
coco-ssd sees in OpenCV's vtest.avi, once whole and once with a second without pictures every eight. A library that
is not installed is left out and named.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.detector import Detector
from detectors.nms import overlaps
from detectors.tracker import Tracker

ROOT = Path(__file__).parents[2]
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
FPS = 5.0
START = datetime(2026, 1, 1, tzinfo=UTC)
Boxes = NDArray[np.float32]
Step = Callable[[Detections, float], list[tuple[int, Boxes]]]
"""Detections of one moment (seconds) -> id and box of everything followed."""
LABELS = ("person",)


@dataclass(frozen=True)
class Moment:
    """What is there and what is seen of it.

    Attributes:
        seconds: Since the start.
        truth: By true id, box (4,); empty where nobody knows.
        seen: What the model says.
    """

    seconds: float
    truth: dict[int, Boxes]
    seen: Detections


def walkers(seed: int, count: int = 12, seconds: float = 40.0) -> Iterator[Moment]:
    """Persons who cross the picture at their own pace, and a model that is not perfect."""
    chance = np.random.default_rng(seed)
    begin = chance.uniform(0.0, seconds / 2, count)
    height = chance.uniform(0.1, 0.3, count)
    across = chance.uniform(0.03, 0.12, count) * chance.choice([-1.0, 1.0], count)
    level = chance.uniform(0.35, 0.9, count)
    for tick in range(int(seconds * FPS)):
        now = tick / FPS
        truth: dict[int, Boxes] = {}
        found: list[tuple[Boxes, float]] = []
        for each in range(count):
            age = now - begin[each]
            middle = (0.0 if across[each] > 0 else 1.0) + across[each] * age
            if age < 0 or not 0.02 < middle < 0.98:
                continue
            tall, wide = height[each], height[each] * 0.4
            box = np.array(
                [middle - wide / 2, level[each] - tall, middle + wide / 2, level[each]], np.float32
            )
            truth[each] = box
            hidden = each % 2 == 0 and 3.0 <= age < 4.0
            if not hidden and chance.random() > 0.1:
                noise = chance.normal(0.0, 0.04, 4) * np.array([wide, tall, wide, tall])
                found.append((box + noise.astype(np.float32), float(chance.uniform(0.3, 0.95))))
        if chance.random() < 0.15:
            corner = chance.uniform(0.0, 0.8, 2)
            found.append((np.concatenate([corner, corner + 0.12]).astype(np.float32), 0.4))
        yield Moment(now, truth, _detections(found))


def _detections(found: Sequence[tuple[Boxes, float]]) -> Detections:
    if not found:
        return Detections.none(LABELS)
    boxes = np.stack([box for box, _ in found]).astype(np.float32)
    return Detections(
        boxes, np.array([sure for _, sure in found], np.float32), np.zeros(len(found), np.int64), LABELS
    )


def street(gaps: bool) -> Iterator[Moment]:
    """Persons that the model sees on a real street; with gaps, a second in eight nothing is looked at."""
    detector = Detector.load(ROOT / "models" / "coco-ssd")
    film = cv2.VideoCapture(str(STREET))
    for number in range(10_000):
        there, image = film.read()
        if not there:
            return
        now = number / 10.0  # the film's own rate
        if number % 2 or (gaps and now % 8.0 >= 7.0):
            continue
        found = detector.detect(np.asarray(image, np.uint8))
        person = found.classes == found.labels.index("person")
        seen = found.only(person)
        yield Moment(now, {}, Detections(seen.boxes, seen.certainty, np.zeros(len(seen), np.int64), LABELS))


def ours() -> Step:
    """The hub's."""
    tracker = Tracker()

    def step(seen: Detections, now: float) -> list[tuple[int, Boxes]]:
        tracks = tracker.update(seen, START + timedelta(seconds=now))
        return [(each.id, np.array(each.box, np.float32)) for each in tracks]

    return step


def norfair(library: ModuleType) -> Step:
    """Kalman filter, intersection over union; kept for two seconds like ours."""
    tracker = library.Tracker(
        distance_function="iou", distance_threshold=0.8, hit_counter_max=10, initialization_delay=1
    )

    def step(seen: Detections, now: float) -> list[tuple[int, Boxes]]:
        del now
        given = [
            library.Detection(points=box.reshape(2, 2), scores=np.array([sure, sure]))
            for box, sure in zip(seen.boxes, seen.certainty, strict=True)
        ]
        tracked = tracker.update(detections=given)
        return [
            (int(each.id), np.asarray(each.estimate, np.float32).reshape(4))
            for each in tracked
            if each.live_points.any()
        ]

    return step


def supervision(library: ModuleType) -> Step:
    """ByteTrack as supervision carries it."""
    tracker = library.ByteTrack(
        frame_rate=int(FPS),
        lost_track_buffer=60,  # of 30 a second: two seconds
        track_activation_threshold=0.5,
        minimum_matching_threshold=0.9,
    )

    def step(seen: Detections, now: float) -> list[tuple[int, Boxes]]:
        del now
        given = library.Detections(
            xyxy=seen.boxes * 1000.0, confidence=seen.certainty, class_id=seen.classes.astype(int)
        )
        tracked = tracker.update_with_detections(given)
        return [
            (int(key), (np.asarray(box) / 1000.0).astype(np.float32))
            for key, box in zip(tracked.tracker_id, tracked.xyxy, strict=True)
        ]

    return step


LIBRARIES: dict[str, Callable[[ModuleType], Step]] = {
    "norfair": norfair,
    "supervision": supervision,
}


@dataclass
class Score:
    """How a tracker did.

    Attributes:
        milliseconds: CPU time of a step, mean.
        things: Ids given to something that was really there (synthetic), or at all (street).
        switches: How often a true thing got another id.
        followed: Share of the moments at which a thing that was seen had an id.
    """

    milliseconds: float
    things: int
    switches: int
    followed: float


def play(step: Step, moments: Sequence[Moment]) -> Score:
    """One tracker over one input."""
    spent = 0.0
    known: dict[int, int] = {}
    ids: set[int] = set()
    switches = there = held = 0
    for moment in moments:
        begun = time.thread_time()
        tracks = step(moment.seen, moment.seconds)
        spent += time.thread_time() - begun
        if not moment.truth:
            ids |= {key for key, _ in tracks}
            continue
        boxes = np.stack([box for _, box in tracks]) if tracks else np.zeros((0, 4), np.float32)
        for thing, box in moment.truth.items():
            if overlaps(box[None], moment.seen.boxes).max(initial=0.0) < 0.5:
                continue  # not seen now
            there += 1
            worth = overlaps(box[None], boxes)[0]
            if not len(worth) or worth.max() < 0.4:
                continue
            held += 1
            key = tracks[int(worth.argmax())][0]
            ids.add(key)
            switches += known.get(thing, key) != key
            known[thing] = key
    return Score(spent / len(moments) * 1000, len(ids), switches, held / max(1, there))


def main() -> None:
    """Print the table."""
    steps: dict[str, Callable[[], Step]] = {"ours": ours}
    for name, make in LIBRARIES.items():
        try:
            library = importlib.import_module(name)
        except ImportError:
            print(f"{name}: not installed, left out")
            continue
        steps[f"{name} {getattr(library, '__version__', '')}".strip()] = partial(make, library)
    made = [tuple(walkers(seed)) for seed in range(10)]
    true = sum(len({thing for moment in each for thing in moment.truth}) for each in made)
    films = {gaps: tuple(street(gaps)) for gaps in (False, True)} if STREET.is_file() else {}
    print(
        f"{'':22}{'walkers':>10}{'ids for':>9}{'ids':>10}{'followed':>10}{'street':>9}{'ids':>6}{'ids with':>10}"
    )
    print(f"{'':22}{'ms/step':>10}{true:>9}{'switched':>10}{'%':>10}{'ms/step':>9}{'':>6}{'gaps':>10}")
    for name, begin in steps.items():
        scores = [play(begin(), each) for each in made]
        line = (
            f"{name:22}{statistics.mean(each.milliseconds for each in scores):>10.2f}"
            f"{sum(each.things for each in scores):>9}{sum(each.switches for each in scores):>10}"
            f"{statistics.mean(each.followed for each in scores) * 100:>10.1f}"
        )
        if films:
            whole, cut = play(begin(), films[False]), play(begin(), films[True])
            line += f"{whole.milliseconds:>9.2f}{whole.things:>6}{cut.things:>10}"
        print(line)
