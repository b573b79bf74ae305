"""Followed: which track goes on from which; and how fast things move, in their own sizes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from detectors.followed import heirs, moved
from detectors.motion import Moving, follow, unpack_moving
from detectors.track import Track
from tests.detectors.filming import at, track

CAR = track(0.25, 0.5, number=1, label="car", size=(0.25, 0.125))
"""Last seen at second 0."""


def car(x: float, *, number: int = 2, first: float = 1.0, label: str = "car") -> Track:
    """A car at x; its width is 0.25."""
    return replace(track(x, 0.5, number=number, label=label, size=(0.25, 0.125), first=first), at=at(first))


ROWS: list[tuple[str, list[Track], tuple[int | None, ...]]] = [
    ("the same id and beginning, wherever it is", [car(0.875, number=1, first=0)], (0,)),
    ("the same id of another session", [car(0.875, number=1, first=1)], (None,)),
    ("a new id at the same place", [car(0.25)], (0,)),
    ("a new id half its size away", [car(0.375)], (0,)),
    ("a new id further away", [car(0.4375)], (None,)),
    ("another kind of vehicle", [car(0.25, label="truck")], (0,)),
    ("no vehicle", [car(0.25, label="person")], (None,)),
    ("it was seen before, so it is another thing", [car(0.25, first=-1)], (None,)),
    ("it began when the other was still seen", [car(0.25, first=0)], (None,)),
    ("as late as may be", [car(0.25, first=3)], (0,)),
    ("too late", [car(0.25, first=3.1)], (None,)),
    ("the nearest of two, only one of them", [car(0.3125, number=2), car(0.25, number=3)], (None, 0)),
    (
        "the thing itself goes before what is near",
        [car(0.25, number=2), car(0.375, number=1, first=0)],
        (None, 0),
    ),
]


@pytest.mark.parametrize(("reason", "seen", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_who_goes_on(reason: str, seen: list[Track], expected: tuple[int | None, ...]) -> None:
    """At most half its size away and three seconds later."""
    assert heirs([CAR], seen, apart=0.5, within=timedelta(seconds=3), point="bottom") == expected, reason


def test_each_takes_one() -> None:
    """Two lost things and two new ones: the pairs that are nearest."""
    known = [car(0.25, number=1, first=0), car(0.375, number=2, first=0)]
    seen = [car(0.375, number=3), car(0.25, number=4)]
    assert heirs(known, seen, apart=1.0, within=timedelta(seconds=3), point="bottom") == (1, 0)


def test_distances_in_sizes() -> None:
    """Widths across or heights down, whichever is more; a box without size divides nothing by zero."""
    box = (0.0, 0.0, 0.25, 0.5)
    assert moved((0, 0), (0.125, 0.125), box) == 0.5
    assert moved((0, 0), (0.0625, 0.5), box) == 1.0
    assert moved((0, 0), (0, 0), (0, 0, 0, 0)) == 0.0


def seen_every(step: float, until: float, pace: float) -> tuple[Moving, ...]:
    """One car of width 0.25 that moves `pace` of the picture a second, looked at every `step` seconds."""
    moving: tuple[Moving, ...] = ()
    for number in range(round(until / step) + 1):
        now = number * step
        there = [replace(car(0.125 + pace * now, number=1, first=0), at=at(now))]
        moving = follow(moving, there, at(now), "bottom")
        moving = unpack_moving(json.loads(json.dumps([each.as_state() for each in moving])))
    return moving


SPEEDS: list[tuple[str, float, float, float, float | None]] = [
    ("seen once", 0.25, 0.0, 0.125, None),
    ("seen for less than a second", 0.25, 0.75, 0.125, None),
    ("half its width a second", 0.25, 1.0, 0.125, 0.5),
    ("the same for longer than the span", 0.25, 6.0, 0.125, 0.5),
    ("rare pictures", 4.0, 4.0, 0.125, 0.5),
    ("it stands", 0.25, 6.0, 0.0, 0.0),
]


@pytest.mark.parametrize(
    ("reason", "step", "until", "pace", "expected"), SPEEDS, ids=[row[0] for row in SPEEDS]
)
def test_speeds(reason: str, step: float, until: float, pace: float, expected: float | None) -> None:
    """In its own sizes per second."""
    (moving,) = seen_every(step, until, pace)
    assert moving.speed == (None if expected is None else pytest.approx(expected)), reason


def test_the_past_is_short() -> None:
    """Little more than the span is remembered, however long it is seen; what is lost is forgotten."""
    (moving,) = seen_every(0.25, 30.0, 0.0)
    assert timedelta(seconds=3) <= at(30) - moving.trail[0][0] < timedelta(seconds=4)
    assert len(moving.trail) <= 8
    assert follow([moving], [], at(32), "bottom") == (moving,)
    assert follow([moving], [], at(32.1), "bottom") == ()
