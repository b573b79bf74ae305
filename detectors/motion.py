"""Motion: how fast the things of a camera move, in their own sizes per second over the last seconds; pure.

A camera that is not measured in knows no metres: a car that moves by its own width in a second does so near and far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from detectors.followed import heirs, moved
from detectors.kept import Kept, read
from detectors.track import Track
from detectors.track_json import TrackJson, pack_track, unpack_track
from detectors.tracked import PointOfBox, point_of
from detectors.zones import Point

SPAN = timedelta(seconds=3)
"""The speed is the mean over this long, or over what was seen of it."""
LEAST = timedelta(seconds=1)
"""Over less nothing is said: boxes tremble."""
STEP = timedelta(milliseconds=500)
"""Places are remembered no oftener."""
FORGET = timedelta(seconds=2)
"""What was not seen for longer, and does not come back with its id, is forgotten."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
"""Moments of a trail are kept as whole numbers of them: exact, and cheap to write several times a second."""
APART = 1.0
"""Of its size: a thing with a new id, not further than this from where one was lost, is the one that was lost."""


@dataclass(frozen=True, slots=True)
class Moving:
    """One thing with where it was.

    Attributes:
        track: As it was last seen.
        trail: When and where it was, oldest first.
        point: Which point of its box says where it is.
    """

    track: Track
    trail: tuple[tuple[datetime, Point], ...]
    point: PointOfBox

    @property
    def speed(self) -> float | None:
        """In sizes of its box per second; None while it was not seen for long enough."""
        begin, first = self.trail[0]
        took = self.track.at - begin
        if took < LEAST:
            return None
        return moved(first, point_of(self.track, self.point), self.track.box) / took.total_seconds()

    def as_state(self) -> Mapping[str, object]:
        """JSON-like."""
        trail = [[(at - EPOCH) // MICROSECOND, *point] for at, point in self.trail]
        return Kept(self, {"track": pack_track(self.track), "trail": trail, "point": self.point})


def unpack_moving(kept: object) -> tuple[Moving, ...]:
    """What as_state() of each gave."""
    return tuple(read(each, Moving, _read) for each in cast("Sequence[Mapping[str, object]]", kept))


def _read(kept: Mapping[str, object]) -> Moving:
    trail = cast("Sequence[tuple[int, float, float]]", kept["trail"])
    return Moving(
        unpack_track(cast("TrackJson", kept["track"])),
        tuple((EPOCH + at * MICROSECOND, (x, y)) for at, x, y in trail),
        cast("PointOfBox", kept["point"]),
    )


def follow(
    before: Sequence[Moving], seen: Sequence[Track], at: datetime, point: PointOfBox
) -> tuple[Moving, ...]:
    """Everything after one frame: what is seen first, in its order, then what may come back."""
    places = heirs([each.track for each in before], seen, apart=APART, within=FORGET, point=point)
    now: list[Moving] = []
    for track, place in zip(seen, places, strict=True):
        trail: tuple[tuple[datetime, Point], ...] = () if place is None else before[place].trail
        if not trail or at - trail[-1][0] >= STEP:
            trail = (*trail, (at, point_of(track, point)))
        while len(trail) > 1 and at - trail[1][0] >= SPAN:
            trail = trail[1:]
        now.append(Moving(track, trail, point))
    lost = [
        each for number, each in enumerate(before) if number not in places and at - each.track.at <= FORGET
    ]
    return (*now, *lost)
