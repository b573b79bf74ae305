"""Non-maximum suppression and overlap: of boxes that lie on one thing, the surest stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TABLE = 128
"""Boxes up to which all pairs are compared at once; far more would cost memory and gain nothing."""


def overlaps(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of boxes (N, 4) against boxes (M, 4): (N, M), 0..1; empty boxes give 0."""
    shared = _shared(first, second)
    area_first, area_second = _areas(first), _areas(second)
    union = area_first[:, None] + area_second[None, :] - shared
    share = np.zeros(shared.shape, np.float32)
    np.divide(shared, union, out=share, where=union > 0)
    return share


def _shared(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """The area that each of the first has in common with each of the second."""
    width = np.minimum(first[:, None, 2], second[None, :, 2]) - np.maximum(
        first[:, None, 0], second[None, :, 0]
    )
    height = np.minimum(first[:, None, 3], second[None, :, 3]) - np.maximum(
        first[:, None, 1], second[None, :, 1]
    )
    common: NDArray[np.float32] = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    return common


def covered(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Which share of each box (a row) lies within each other one (a column): (N, N), 0..1; empty boxes give 0."""
    shared, area = _shared(boxes, boxes), _areas(boxes)
    share = np.zeros(shared.shape, np.float32)
    np.divide(shared, area[:, None], out=share, where=area[:, None] > 0)
    return share


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    areas: NDArray[np.float32] = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    return areas


def crowds(
    boxes: NDArray[np.float32],
    certainty: NDArray[np.float32],
    classes: NDArray[np.int64],
    *,
    inside: float = 0.8,
) -> NDArray[np.bool_]:
    """Which boxes are a crowd seen as one thing: they hold two surer boxes of their class, or three far smaller.

    Args:
        boxes: (N, 4).
        certainty: (N,).
        classes: (N,).
        inside: This share of a box's area must lie within the larger one. Far smaller: a sixth of its area, and
            at least half as certain.
    """
    shared, area = _shared(boxes, boxes), _areas(boxes)
    held = shared >= inside * area[None, :]
    held &= (classes[:, None] == classes[None, :]) & ~np.eye(len(boxes), dtype=np.bool_)
    surer = held & (certainty[None, :] > certainty[:, None])
    smaller = held & (area[None, :] * 6 < area[:, None]) & (certainty[None, :] * 2 >= certainty[:, None])
    crowded: NDArray[np.bool_] = (surer.sum(axis=1) >= 2) | (smaller.sum(axis=1) >= 3)
    return crowded


def keep_surest(
    boxes: NDArray[np.float32], certainty: NDArray[np.float32], *, max_overlap: float, max_boxes: int
) -> NDArray[np.int64]:
    """Indices of the boxes that stay, surest first; classes play no part, so one thing has one label."""
    order = np.argsort(-certainty, kind="stable")
    if len(order) <= TABLE:  # one table of all pairs, instead of a row of it for each box that stays
        ordered = boxes[order]
        hides = overlaps(ordered, ordered) > max_overlap
        left = np.ones(len(order), np.bool_)
        places: list[int] = []
        for place in range(len(order)):
            if left[place] and len(places) < max_boxes:
                places.append(place)
                left &= ~hides[place]
        return order[places].astype(np.int64)
    kept: list[int] = []
    while order.size and len(kept) < max_boxes:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[overlaps(boxes[best][None], boxes[rest])[0] <= max_overlap]
    return np.array(kept, np.int64)
