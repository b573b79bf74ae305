"""Tracker: boxes of one camera become things followed through frames, by where they should be next.

Two stages, after ByteTrack: sure boxes are matched with the tracks first, then unsure boxes continue the tracks
that are left; only sure boxes start a track. A track is expected where its velocity takes it. No picture is
compared, so an id says nothing about who somebody is; ids start at 1 with each session of a camera.

What has not moved for a while stands still: it is expected where it stands, is given up later, and time in which
nobody looked does not count against it. So a camera that shows nothing else need not be looked at all the time
(`unchanged`), and a parked car keeps its id.

Beside libraries on the same boxes (`python -m bench.looking trackers`, docs/benchmarks.md) this one took less time
and gave fewer ids than norfair 2.3 and supervision 0.26, so it was kept.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from detectors.assignment import best_pairs
from detectors.detections import Detections
from detectors.nms import overlaps
from detectors.track import Track

VEHICLES = frozenset({"car", "bus", "truck", "van", "train"})
"""Models change their mind among these from frame to frame; the thing is the same."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How things are followed.

    Attributes:
        sure: A box at least this certain starts a track and is matched first.
        unsure: A box at least this certain continues a track.
        overlap: A pair needs this intersection over union of expected and seen box, after both are grown.
        grow: Boxes grow by this share of their size on each side before matching: at 5 frames a second a
            walker may have left the old box.
        keep: A track not seen for longer than this is given up.
        smooth: Weight of the latest step in the velocity, 0..1.
        still_after: What has not left its place for so long stands still.
        still_overlap: It is in its place while its box and that place have this intersection over union.
        keep_still: What stood still is given up when it was not seen in pictures of so long a time together.
        looked: A picture stands for no longer than this: in a longer gap nobody looked.
    """

    sure: float = 0.5
    unsure: float = 0.25
    overlap: float = 0.15
    grow: float = 0.25
    keep: timedelta = timedelta(seconds=2)
    smooth: float = 0.5
    still_after: timedelta = timedelta(seconds=10)
    still_overlap: float = 0.6
    keep_still: timedelta = timedelta(seconds=10)
    looked: timedelta = timedelta(seconds=1)


Box = tuple[float, float, float, float]


@dataclass(slots=True)
class _Followed:
    """One thing in the tracker's memory.

    Attributes:
        first_box: Where it was first seen.
        velocity: Of the middle, per second, along x and y.
        place: The box that it has not left since `placed_at`.
        missed: How long pictures were looked at in which it was not seen.
    """

    id: int
    box: Box
    first_box: Box
    velocity: tuple[float, float]
    certainty: float
    peak: float
    first_at: datetime
    at: datetime
    place: Box
    placed_at: datetime
    still: bool = False
    missed: timedelta = timedelta(0)
    seen: int = 1
    votes: dict[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The class with the most certainty behind it; the first one on a tie."""
        return max(self.votes, key=lambda each: self.votes[each])

    def expected(self, at: datetime) -> Box:
        """Where the box should be."""
        if self.still:
            return self.box
        seconds = (at - self.at).total_seconds()
        x, y = self.velocity[0] * seconds, self.velocity[1] * seconds
        left, top, right, bottom = self.box
        return left + x, top + y, right + x, bottom + y

    def value(self) -> Track:
        """As others see it."""
        return Track(
            self.id,
            self.label,
            self.box,
            self.certainty,
            self.first_at,
            self.at,
            self.peak,
            self.still,
            self.first_box,
        )


def _box(detections: Detections, index: int) -> Box:
    left, top, right, bottom = detections.boxes[index].tolist()
    return left, top, right, bottom


def _overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes; without numpy, which would cost ten times as much for one pair."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1])
    return width * height / (areas - width * height)


def _grown(boxes: NDArray[np.float64], share: float) -> NDArray[np.float32]:
    size = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1).astype(np.float32)


def _alike(first: str, second: str) -> bool:
    return first == second or (first in VEHICLES and second in VEHICLES)


class Tracker:
    """Follows the things of one camera; a new session of the camera gets a new tracker."""

    def __init__(self, tuning: Tuning | None = None) -> None:
        self._tuning = tuning or Tuning()
        self._followed: list[_Followed] = []
        self._next = 1
        self._at: datetime | None = None

    def update(self, detections: Detections, at: datetime) -> tuple[Track, ...]:
        """All tracks seen in this frame, by id; ValueError when `at` goes back."""
        if self._at is not None and at < self._at:
            raise ValueError(f"the frame of {at} comes after that of {self._at}")
        tuning = self._tuning
        before, self._at = self._at or at, at
        gap = at - before
        for each in self._followed:
            each.missed += min(gap, tuning.looked)
        self._followed = [each for each in self._followed if not self._lost(each, at)]
        certainty = detections.certainty
        sure = np.flatnonzero(certainty >= tuning.sure).tolist()
        unsure = np.flatnonzero((certainty >= tuning.unsure) & (certainty < tuning.sure)).tolist()
        left_over, new = self._match(list(self._followed), detections, sure, at)
        self._match(left_over, detections, unsure, at)
        for index in new:
            self._begin(detections, index, at)
        return tuple(each.value() for each in self._followed if each.at == at)

    def unchanged(self, at: datetime) -> tuple[Track, ...]:
        """Nobody looked closely, but nothing changed up to `at`: what stood still stands there still, by id.

        What was not seen in the latest pictures for as long as `keep` had left before. A frame from before `at`
        may still come.
        """
        staying = [each for each in self._followed if each.still and each.missed <= self._tuning.keep]
        for each in staying:
            each.at = max(each.at, at)
        return tuple(each.value() for each in staying)

    @property
    def standing(self) -> frozenset[int]:
        """Ids of what stands still, seen just now or not."""
        return frozenset(each.id for each in self._followed if each.still)

    def _lost(self, each: _Followed, at: datetime) -> bool:
        if each.still:
            return each.missed > self._tuning.keep_still
        return at - each.at > self._tuning.keep

    def expected(
        self, at: datetime, labels: AbstractSet[str]
    ) -> tuple[tuple[float, float, float, float], ...]:
        """Where the things of some classes that are still followed should be, seen just now or not.

        For blurring, not for rules: a person whom the model misses in one frame is still hidden.
        """
        wanted = [each for each in self._followed if not labels.isdisjoint(each.votes)]
        cut = (tuple(min(max(edge, 0.0), 1.0) for edge in each.expected(at)) for each in wanted)
        return tuple((left, top, right, bottom) for left, top, right, bottom in cut)

    def _match(
        self, tracks: list[_Followed], detections: Detections, indices: list[int], at: datetime
    ) -> tuple[list[_Followed], list[int]]:
        """Continues tracks with boxes; what is left of both."""
        if not tracks or not indices:
            return tracks, indices
        tuning = self._tuning
        expected = np.array([each.expected(at) for each in tracks])
        seen = detections.boxes[indices].astype(np.float64)
        worth = overlaps(_grown(expected, tuning.grow), _grown(seen, tuning.grow))
        labels = [detections.labels[detections.classes[index]] for index in indices]
        known = [track.label for track in tracks]
        alike = np.array([[_alike(one, label) for label in labels] for one in known])
        pairs = best_pairs(np.where(alike, worth, 0.0).astype(np.float32), tuning.overlap)
        for row, column in pairs:
            self._go_on(tracks[row], detections, indices[column], at)
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        return (
            [track for row, track in enumerate(tracks) if row not in rows],
            [index for column, index in enumerate(indices) if column not in columns],
        )

    def _go_on(self, track: _Followed, detections: Detections, index: int, at: datetime) -> None:
        box = _box(detections, index)
        seconds = (at - track.at).total_seconds()
        if seconds > 0:
            # The box moves as a whole: its size breathes with each detection.
            weight = 1.0 if track.seen == 1 else self._tuning.smooth
            x = (box[0] - track.box[0] + box[2] - track.box[2]) / 2 / seconds
            y = (box[1] - track.box[1] + box[3] - track.box[3]) / 2 / seconds
            old_x, old_y = track.velocity
            track.velocity = (1 - weight) * old_x + weight * x, (1 - weight) * old_y + weight * y
        certainty = float(detections.certainty[index])
        label = detections.labels[detections.classes[index]]
        track.box, track.at, track.certainty = box, at, certainty
        track.missed = timedelta(0)
        self._settle(track)
        track.peak = max(track.peak, certainty)
        track.votes[label] = track.votes.get(label, 0.0) + certainty
        track.seen += 1

    def _settle(self, track: _Followed) -> None:
        """Whether it stands still now."""
        if _overlap(track.box, track.place) < self._tuning.still_overlap:
            track.place, track.placed_at = track.box, track.at
        track.still = track.at - track.placed_at >= self._tuning.still_after

    def _begin(self, detections: Detections, index: int, at: datetime) -> None:
        certainty = float(detections.certainty[index])
        label = detections.labels[detections.classes[index]]
        box = _box(detections, index)
        self._followed.append(
            _Followed(
                self._next,
                box,
                box,
                (0.0, 0.0),
                certainty,
                certainty,
                at,
                at,
                place=box,
                placed_at=at,
                votes={label: certainty},
            )
        )
        self._next += 1
