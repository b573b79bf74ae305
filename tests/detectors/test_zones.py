"""Polygons: inside, outside, on the border; concave ones; either way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.zones import WHOLE, Point, Polygon, area, check, contains

SQUARE: Polygon = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
LETTER_U: Polygon = ((0, 0), (0.3, 0), (0.3, 0.7), (0.7, 0.7), (0.7, 0), (1, 0), (1, 1), (0, 1))
TRIANGLE: Polygon = ((0.5, 0.1), (0.9, 0.9), (0.1, 0.9))
ROWS: list[tuple[Polygon, Point, bool, str]] = [
    (SQUARE, (0.5, 0.5), True, "middle"),
    (SQUARE, (0.1, 0.5), False, "left of it"),
    (SQUARE, (0.9, 0.5), False, "right of it"),
    (SQUARE, (0.2, 0.5), True, "on a side"),
    (SQUARE, (0.8, 0.8), True, "on a corner"),
    (SQUARE, (0.1, 0.2), False, "on a side's line, beyond it"),
    (LETTER_U, (0.5, 0.5), False, "in the mouth of the U"),
    (LETTER_U, (0.5, 0.9), True, "in its foot"),
    (LETTER_U, (0.85, 0.7), True, "at the height of an inner corner"),
    (LETTER_U, (0.5, 0.7), True, "on the inner side"),
    (TRIANGLE, (0.5, 0.1), True, "the tip"),
    (TRIANGLE, (0.2, 0.2), False, "beside the tip"),
    (WHOLE, (0.5, 1.0), True, "feet on the picture's lower border"),
    (WHOLE, (0, 0), True, "the picture's corner"),
]


@pytest.mark.parametrize(("polygon", "point", "inside", "reason"), ROWS, ids=[row[3] for row in ROWS])
def test_contains(polygon: Polygon, point: Point, inside: bool, reason: str) -> None:
    """Either way round gives the same answer."""
    assert contains(polygon, point) is inside, reason
    assert contains(polygon[::-1], point) is inside, reason


@given(st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_every_point_of_the_picture_is_in_the_whole(point: Point) -> None:
    """No point falls through a crack."""
    assert contains(WHOLE, point)


@given(st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)), st.integers(0, 7))
def test_where_the_list_begins_does_not_matter(point: Point, turn: int) -> None:
    """The same polygon from another corner."""
    assert contains(LETTER_U, point) is contains(LETTER_U[turn:] + LETTER_U[:turn], point)


def test_area() -> None:
    """Of the picture, whichever way round."""
    assert area(SQUARE) == pytest.approx(0.36)
    assert area(SQUARE[::-1]) == pytest.approx(0.36)
    assert area(WHOLE) == 1.0


BAD: list[tuple[Polygon, str]] = [
    ((), "at least 3"),
    (((0, 0), (1, 1)), "at least 3"),
    (((0, 0), (1, 0), (1, 1.1)), "outside the picture"),
    (((0, 0), (1, 0), (float("nan"), 1)), "outside the picture"),
    (((0, 0), (1, 1), (1, 0), (0, 1)), "cross"),
    (((0, 0), (0.5, 0.5), (1, 1)), "no area"),
]


@pytest.mark.parametrize(("polygon", "said"), BAD)
def test_what_is_no_zone(polygon: Polygon, said: str) -> None:
    """Each mistake in words."""
    with pytest.raises(ValueError, match=said):
        check(polygon)


def test_what_is_a_zone() -> None:
    """Concave and closed by hand (last point = first) are fine."""
    check(LETTER_U)
    check((*SQUARE, SQUARE[0]))
