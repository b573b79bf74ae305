"""Head `nanodet`: NanoDet-Plus as it is exported by its own project.

Output: (1, N, C + 32), one row per point of four grids of 8, 16, 32 and 64 pixels, row by row: one score per class
(0..1; logits are made that), then for left, top, right and bottom eight logits each, of how many cells that side lies
from the point: 0, 1, … 7 (`reg_max: 7`); their mean is taken. The points are the corners of the cells, not their
middles. A grid that does not fill the input goes one cell beyond it. Older NanoDet, without Plus, has three grids and
other points: refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import best_class, chances, kept, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest

STRIDES = (8, 16, 32, 64)
"""Pixels per cell of each grid, in the order of the rows."""

BINS = 8
"""Distances that a side may have, in cells: 0..7."""


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    many = len(manifest.classes)
    point, cell = points(manifest.input.width, manifest.input.height)
    wanted = (1, len(point), many + 4 * BINS)
    if len(outputs) != 1 or outputs[0].shape != wanted:
        raise wrong_shape(outputs, str(wanted), manifest)
    rows = outputs[0][0].astype(np.float32, copy=False)
    certainty, kinds = best_class(chances(rows[:, :many]), manifest.classes)
    sure = np.flatnonzero(certainty >= manifest.min_certainty)
    reach = distances(rows[sure, many:].reshape(len(sure), 4, BINS)) * cell[sure]
    corners = np.concatenate([point[sure] - reach[:, :2], point[sure] + reach[:, 2:]], axis=1)
    width, height = manifest.input.width, manifest.input.height
    # Cut before overlaps are told, as its makers do.
    cut = np.clip(corners, 0, np.array([width, height, width, height]))
    return kept(cut.astype(np.float32), certainty[sure], kinds[sure], manifest)


def distances(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each distribution (N, 4, BINS) over 0, 1, … BINS - 1: (N, 4)."""
    with np.errstate(invalid="ignore"):  # what is no number is dropped with its box
        grown = np.exp(logits - logits.max(axis=2, keepdims=True))
        mean: NDArray[np.float32] = (grown @ np.arange(BINS, dtype=np.float32)) / grown.sum(axis=2)
    return mean


@lru_cache(maxsize=16)
def points(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of each row its point in pixels (N, 2) and the size of its cell in pixels (N, 1)."""
    found, cells = [], []
    for stride in STRIDES:
        x, y = np.meshgrid(np.arange(-(-width // stride)), np.arange(-(-height // stride)))
        found.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32) * np.float32(stride))
        cells.append(np.full((x.size, 1), stride, np.float32))
    return np.concatenate(found), np.concatenate(cells)
