"""Boxes between two looks: whoever walks, comes, leaves or was missed once stays hidden."""

from __future__ import annotations

import pytest

from detectors.carry import Box, Seen, carried

A: Box = (0.1, 0.2, 0.2, 0.6)
B: Box = (0.2, 0.2, 0.3, 0.6)


def hidden(boxes: list[Box], x: float, y: float) -> bool:
    """Whether a point lies in one of the boxes."""
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


@pytest.mark.parametrize(
    ("looks", "at", "point", "why"),
    [
        ([(0.0, [A]), (0.2, [B])], 0.1, (0.15, 0.4), "where it was"),
        ([(0.0, [A]), (0.2, [B])], 0.1, (0.2, 0.4), "on the way"),
        ([(0.0, [A]), (0.2, [B])], 0.1, (0.29, 0.4), "where it will be"),
        ([(0.0, [A]), (0.2, []), (0.4, [B])], 0.3, (0.2, 0.4), "missed by one look"),
        ([(0.0, []), (0.2, [A])], 0.1, (0.06, 0.4), "came from the side just now"),
        ([(0.0, [A]), (0.2, [])], 0.19, (0.24, 0.4), "left just now"),
        ([(0.0, [A]), (0.2, []), (0.4, [])], 0.35, (0.15, 0.4), "not seen for two looks"),
        ([(0.0, [A])], 7.0, (0.15, 0.4), "after the last look"),
        ([(0.0, []), (0.2, [A])], -1.0, (0.15, 0.4), "before the first look"),
    ],
)
def test_hidden(
    looks: list[tuple[float, list[Box]]], at: float, point: tuple[float, float], why: str
) -> None:
    """Each case names where somebody may be at that moment."""
    seen = [Seen(moment, tuple(boxes)) for moment, boxes in looks]
    assert hidden(carried(seen, at), *point), why


@pytest.mark.parametrize(
    ("looks", "at", "point", "why"),
    [
        ([(0.0, [A]), (0.2, [A])], 0.1, (0.5, 0.4), "nobody was ever there"),
        ([(0.0, [A]), (0.2, []), (0.4, []), (0.6, []), (0.8, [])], 0.7, (0.15, 0.4), "gone for three looks"),
        ([(0.0, [A]), (0.2, [(0.8, 0.2, 0.9, 0.6)])], 0.1, (0.5, 0.4), "two persons far apart are not one"),
    ],
)
def test_shown(looks: list[tuple[float, list[Box]]], at: float, point: tuple[float, float], why: str) -> None:
    """What nobody can be in stays to be seen."""
    seen = [Seen(moment, tuple(boxes)) for moment, boxes in looks]
    assert not hidden(carried(seen, at), *point), why


def test_many_boxes_of_one_person_become_one() -> None:
    """The whole picture, its tiles and several looks find the same person: it is blurred once."""
    near = [(0.1 + i / 200, 0.2, 0.2 + i / 200, 0.6) for i in range(6)]
    looks = [Seen(moment / 5, tuple(near)) for moment in range(4)]
    assert len(carried(looks, 0.3)) == 1


def test_nothing_seen_nothing_hidden() -> None:
    """No look at all, or looks without anybody."""
    assert carried([], 0.0) == []
    assert carried([Seen(0.0, ()), Seen(0.2, ())], 0.1) == []
