"""Head `yolox`: YOLOX as it is exported by its own project, with boxes still relative to the cells of three grids.

Output: (1, N, 5 + C): middle x and y in cells from the cell's corner, logarithm of width and height in cells, how sure
it is of a thing, and one score per class, both already 0..1. N counts the cells of grids of 8, 16 and 32 pixels (of 64
too in its P6 form), row by row. Made with `decode_in_inference` the boxes are in pixels already: misread by this head.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import best_class, kept, middles_to_corners, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Pixels per cell of each grid, in the order of the rows."""

LARGEST = 12.0
"""Of a logarithm: e¹² cells are larger than any input, and no overflow."""


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    width, height, columns = manifest.input.width, manifest.input.height, 5 + len(manifest.classes)
    shape = outputs[0].shape if len(outputs) == 1 else ()
    strides = next((each for each in STRIDES if shape == (1, _cells(width, height, each), columns)), None)
    if strides is None:
        raise wrong_shape(outputs, f"(1, {_cells(width, height, STRIDES[0])}, {columns})", manifest)
    rows = outputs[0][0].astype(np.float32, copy=False)
    certainty, kinds = best_class(rows[:, 5:], manifest.classes, rows[:, 4:5])
    sure = np.flatnonzero(certainty >= manifest.min_certainty)
    corner, cell = grid(width, height, strides)
    middle = (rows[sure, :2] + corner[sure]) * cell[sure]
    size = np.exp(np.minimum(rows[sure, 2:4], LARGEST)) * cell[sure]
    corners = middles_to_corners(np.concatenate([middle, size], axis=1))
    return kept(corners, certainty[sure], kinds[sure], manifest)


def _cells(width: int, height: int, strides: tuple[int, ...]) -> int:
    return sum((width // each) * (height // each) for each in strides)


@lru_cache(maxsize=16)
def grid(
    width: int, height: int, strides: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of each row the corner of its cell, in cells (N, 2), and the cell's size in pixels (N, 1)."""
    corners, cells = [], []
    for stride in strides:
        x, y = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
        cells.append(np.full((x.size, 1), stride, np.float32))
    return np.concatenate(corners), np.concatenate(cells)
