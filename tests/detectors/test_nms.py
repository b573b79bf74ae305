"""Overlap, and which boxes of one thing stay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.nms import crowds, keep_surest, overlaps


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


PAIRS = [
    ((0, 0, 1, 1), (0, 0, 1, 1), 1.0, "the same box"),
    ((0, 0, 1, 1), (0.5, 0, 1.5, 1), 1 / 3, "half over half"),
    ((0, 0, 1, 1), (1, 0, 2, 1), 0.0, "touching is not overlapping"),
    ((0, 0, 1, 1), (0.25, 0.25, 0.75, 0.75), 0.25, "one inside the other"),
    ((0, 0, 0, 0), (0, 0, 0, 0), 0.0, "two points"),
    ((1, 1, 0, 0), (0, 0, 1, 1), 0.0, "a box turned inside out"),
]


@pytest.mark.parametrize(("first", "second", "expected", "reason"), PAIRS, ids=[row[3] for row in PAIRS])
def test_overlaps(
    first: tuple[float, float, float, float],
    second: tuple[float, float, float, float],
    expected: float,
    reason: str,
) -> None:
    """Intersection over union, whichever comes first."""
    assert overlaps(boxes(first), boxes(second)) == pytest.approx(expected), reason
    assert overlaps(boxes(second), boxes(first)) == pytest.approx(expected), reason


def test_the_surest_stays() -> None:
    """Of two boxes on one thing the surer one, whatever their order; a box elsewhere stays too."""
    found = boxes((0, 0, 0.5, 0.5), (0.01, 0, 0.5, 0.5), (0.6, 0.6, 1, 1))
    assert keep_surest(found, floats(0.5, 0.9, 0.3), max_overlap=0.5, max_boxes=9).tolist() == [1, 2]


def test_equal_certainty_keeps_the_first() -> None:
    """The same input gives the same answer on every machine."""
    found = boxes((0, 0, 1, 1), (0, 0, 1, 1))
    assert keep_surest(found, floats(0.5, 0.5), max_overlap=0.5, max_boxes=9).tolist() == [0]


def test_no_more_than_asked() -> None:
    """The surest `max_boxes`; none of none."""
    found = boxes(*[(x / 10, 0, x / 10 + 0.05, 0.1) for x in range(10)])
    assert (
        len(keep_surest(found, np.linspace(0.1, 1, 10, dtype=np.float32), max_overlap=0.5, max_boxes=3)) == 3
    )
    assert keep_surest(boxes(), floats(), max_overlap=0.5, max_boxes=3).size == 0


WIDE = (0.0, 0.0, 0.9, 0.4)
FAR = [(0.1 * n, 0.1, 0.1 * n + 0.05, 0.3) for n in range(1, 6)]
CROWDS = [
    ([WIDE, FAR[0], FAR[1]], [0.5, 0.8, 0.7], [0, 0, 0], True, "two surer persons inside"),
    ([WIDE, FAR[0]], [0.5, 0.8], [0, 0], False, "one surer person inside may stand behind"),
    ([WIDE, *FAR[:3]], [0.6, 0.5, 0.4, 0.3], [0, 0, 0, 0], True, "three far smaller ones, about as sure"),
    ([WIDE, *FAR[:3]], [0.9, 0.2, 0.2, 0.2], [0, 0, 0, 0], False, "a sure person before vague spots"),
    ([WIDE, FAR[0], FAR[1]], [0.5, 0.8, 0.7], [5, 0, 0], False, "a bus with two persons before it"),
]


@pytest.mark.parametrize(
    ("found", "certainty", "kinds", "crowded", "reason"), CROWDS, ids=[r[4] for r in CROWDS]
)
def test_crowds(
    found: list[tuple[float, float, float, float]],
    certainty: list[float],
    kinds: list[int],
    crowded: bool,
    reason: str,
) -> None:
    """The first box of each row is judged; the small ones are never a crowd."""
    answer = crowds(boxes(*found), floats(*certainty), np.array(kinds))
    assert answer.tolist() == [crowded, *[False] * (len(found) - 1)], reason
