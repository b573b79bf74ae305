"""Head `yolov8-seg`: YOLOv8-seg and YOLO11-seg as exported to ONNX: boxes, and how much each thing itself covers.

Outputs: (1, 4 + C + M, N), the boxes and scores of `yolov8` followed by M weights per box (M is 32), and M drawings
(1, M, H, W) of the whole input, in whichever order. The outline of a thing is where the drawings, weighted and added,
are above 0 inside its box. The house draws no outlines: what it keeps of one is its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import best_class, chosen, middles_to_corners, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    first = 4 + len(manifest.classes)
    table, drawings = _parts(outputs, manifest)
    rows = np.ascontiguousarray(table.T, np.float32)
    certainty, kinds = best_class(rows[:, 4:first], manifest.classes)
    stay, boxes = chosen(middles_to_corners(rows[:, :4]), certainty, manifest)
    areas = [area(rows[at, first:], drawings, box) for at, box in zip(stay, boxes, strict=True)]
    return Detections(boxes, certainty[stay], kinds[stay], manifest.classes, np.array(areas, np.float32))


def _parts(
    outputs: Sequence[NDArray[np.float32]], manifest: Manifest
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The table (4 + C + M, N) and the drawings (M, H, W)."""
    first = 4 + len(manifest.classes)
    parts = sorted(outputs, key=lambda each: each.ndim) if len(outputs) == 2 else []
    if [each.ndim for each in parts] == [3, 4]:
        table, drawings = parts
        if len(table) == len(drawings) == 1 and drawings.size and table.shape[1] == first + drawings.shape[1]:
            return table[0], drawings[0].astype(np.float32, copy=False)
    raise wrong_shape(outputs, f"(1, {first} + M, N) and (1, M, H, W)", manifest)


def area(weights: NDArray[np.float32], drawings: NDArray[np.float32], box: NDArray[np.float32]) -> float:
    """How much of the input a thing covers, 0..1: the points of its drawing that lie in its box.

    Args:
        weights: (M,).
        drawings: (M, H, W).
        box: (4,): left, top, right, bottom in 0..1 of the input.
    """
    _, height, width = drawings.shape
    edges = zip(box.tolist(), (width, height, width, height), strict=True)
    left, top, right, bottom = (ceil(edge * of) for edge, of in edges)
    with np.errstate(invalid="ignore", over="ignore"):  # what is no number covers nothing
        drawn = np.tensordot(weights, drawings[:, top:bottom, left:right], axes=1) > 0
    return float(drawn.sum() / (height * width))
