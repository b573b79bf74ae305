"""Carry: where persons may be in a moving picture between two looks at it; generous, because what is missed is shown.

Pure: boxes at some moments in, boxes at any moment out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]

AROUND = 2
"""Looks before and after a moment whose boxes all count: a person whom one look missed stays hidden."""
REACH = 1.5
"""Two boxes may be one person when their middles are no further apart than this many times the larger box's side."""
GROW = 0.5
"""A box without a partner on the other side of the moment grows by this share of its size to every side: somebody
comes into the picture or leaves it."""

WITHIN = 0.6
"""Share of a box that lies in a larger one, from which the two are hidden as one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The persons' boxes (left, top, right, bottom in 0..1) at one moment, in seconds."""

    at: float
    boxes: tuple[Box, ...]


def carried(looks: Sequence[Seen], at: float) -> list[Box]:
    """Everything that may be a person `at` a moment; `looks` rise in time.

    All boxes of the looks around the moment, and for each what lies between it and its nearest partner on the
    other side of the moment, so that somebody who walks is hidden on the way.
    """
    here = bisect_right(looks, at, key=lambda look: look.at)
    before = [box for look in looks[max(0, here - AROUND) : here] for box in look.boxes]
    after = [box for look in looks[here : here + AROUND] for box in look.boxes]
    return _united([*_joined(before, after), *_joined(after, before)])


def _united(boxes: Sequence[Box]) -> list[Box]:
    """Fewer boxes that hide the same and a little more: one that lies mostly in another becomes part of it."""
    found: list[Box] = []
    for box in sorted(boxes, key=_area, reverse=True):
        for i, other in enumerate(found):
            if _area(_common(box, other)) >= WITHIN * _area(box):
                found[i] = _hull(box, other)
                break
        else:
            found.append(box)
    return found


def _joined(boxes: Sequence[Box], others: Sequence[Box]) -> list[Box]:
    found: list[Box] = []
    for box in boxes:
        partner = min(others, key=lambda other: _apart(box, other), default=None)
        if partner is None or _apart(box, partner) > REACH:
            found.append(_grown(box))
        else:
            found.append(_hull(box, partner))
    return found


def _hull(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _common(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _apart(one: Box, other: Box) -> float:
    """Between the middles, in sides of the larger box, whichever direction is worse."""
    wide = max(one[2] - one[0], other[2] - other[0], 1e-6)
    tall = max(one[3] - one[1], other[3] - other[1], 1e-6)
    across = abs(one[0] + one[2] - other[0] - other[2]) / 2
    down = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return max(across / wide, down / tall)


def _grown(box: Box) -> Box:
    wide, tall = (box[2] - box[0]) * GROW, (box[3] - box[1]) * GROW
    return (
        max(0.0, box[0] - wide),
        max(0.0, box[1] - tall),
        min(1.0, box[2] + wide),
        min(1.0, box[3] + tall),
    )
