"""Drawn evidence: boxes, feet and a zone, on a copy, whatever the numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from detectors.draw import DECIDED, ZONE, draw_boxes
from detectors.track import Track

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def track(box: tuple[float, float, float, float], label: str = "person") -> Track:
    return Track(1, label, box, 0.83, NOW, NOW)


def test_boxes_and_zone_are_where_they_should_be() -> None:
    """The box's sides, the zone's corner; the given picture is not changed."""
    image = np.zeros((400, 600, 3), np.uint8)
    drawn = draw_boxes(
        image, [track((0.5, 0.5, 0.75, 0.9))], [(0.1, 0.1), (0.9, 0.1), (0.9, 0.95), (0.1, 0.95)]
    )
    assert not image.any()
    assert tuple(drawn[280, 300]) == DECIDED
    assert tuple(drawn[280, 449]) == DECIDED
    assert np.abs(drawn[40, 200].astype(int) - ZONE).max() < 30  # a smoothed line
    assert drawn[359, 374].tolist() == list(DECIDED)  # the foot


@pytest.mark.parametrize(
    "box",
    [(0, 0, 1, 1), (0, 0, 0, 0), (-0.2, -0.2, 1.2, 1.2), (0.99, 0.0, 1.0, 0.01), (0.9, 0.9, 0.1, 0.1)],
)
@pytest.mark.parametrize("shape", [(2, 2, 3), (1080, 1920, 3), (50, 900, 3)])
def test_any_box_on_any_picture(box: tuple[float, float, float, float], shape: tuple[int, int, int]) -> None:
    """Drawing never fails."""
    image = np.full(shape, 90, np.uint8)
    assert draw_boxes(image, [track(box)], [(0, 0), (1, 0), (1, 1)]).shape == shape


def test_letters_outside_ascii_are_question_marks() -> None:
    """OpenCV has no Chinese letters; the picture is still drawn."""
    image = np.zeros((200, 200, 3), np.uint8)
    assert draw_boxes(image, [track((0.2, 0.4, 0.6, 0.9), "人")]).any()


def test_without_anything_it_is_a_copy() -> None:
    """No tracks, no zone: the same picture."""
    image = np.full((20, 20, 3), 7, np.uint8)
    assert np.array_equal(draw_boxes(image, []), image)


def test_a_line_is_drawn_as_one() -> None:
    """Two points, as a rule about a line has them."""
    drawn = draw_boxes(np.zeros((400, 600, 3), np.uint8), [], [(0.1, 0.5), (0.9, 0.5)])
    assert np.abs(drawn[198:202, 300].astype(int) - ZONE).max(axis=1).min() < 30
    assert not drawn[100].any()
