"""Followed: the same thing goes on for a rule when the tracker loses it for a moment and gives it another id.

A rule that measures how long or where from keeps the track of each thing as it last was. In the next scene a track
goes on from the kept one of the same id and the same beginning (ids start at 1 with each session of a camera). A track
that began after a kept one was last seen, at most `within` later, of the same class (vehicles are alike), at most
`apart` of its size away, takes its place: the nearest first. What was seen before is never taken for another: the bus
that stops in front of a parked car is not the car. Where a thing is nearest says nothing about who somebody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from detectors.track import Track
from detectors.tracked import PointOfBox, point_of
from detectors.tracker import VEHICLES
from detectors.zones import Point

Box = tuple[float, float, float, float]

THIN = 1e-6
"""Of the picture: a box is not divided by less."""


def moved(first: Point, second: Point, box: Box) -> float:
    """How far it is from one point to another in sizes of a box: widths across or heights down, whichever is more.

    So a limit means the same for a near thing and a far one.
    """
    left, top, right, bottom = box
    across = abs(second[0] - first[0]) / max(right - left, THIN)
    down = abs(second[1] - first[1]) / max(bottom - top, THIN)
    return max(across, down)


def alike(first: str, second: str) -> bool:
    """Whether two labels may be one thing: models change their mind among vehicles."""
    return first == second or (first in VEHICLES and second in VEHICLES)


def heirs(
    known: Sequence[Track], seen: Sequence[Track], *, apart: float, within: timedelta, point: PointOfBox
) -> tuple[int | None, ...]:
    """For each of `seen` the place in `known` of the track that it goes on from, or None; none is taken twice."""
    by_id: dict[tuple[int, datetime], int] = {(each.id, each.first_at): at for at, each in enumerate(known)}
    found: list[int | None] = [by_id.get((each.id, each.first_at)) for each in seen]
    taken = {each for each in found if each is not None}
    pairs: list[tuple[float, int, int]] = []
    for row, track in enumerate(seen):
        if found[row] is not None:
            continue
        for column, before in enumerate(known):
            if column in taken or not alike(track.label, before.label):
                continue
            if not timedelta(0) < track.first_at - before.at <= within:
                continue
            distance = moved(point_of(before, point), point_of(track, point), before.box)
            if distance <= apart:
                pairs.append((distance, row, column))
    for _, row, column in sorted(pairs):
        if found[row] is None and column not in taken:
            found[row] = column
            taken.add(column)
    return tuple(found)
