"""Blur: persons in shown pictures become a few patches of colour that nobody can turn back into a face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections

PERSONS = frozenset({"person"})
CELLS = 6
"""Across a box's shorter side: a head, about a third of a body's width, becomes two patches."""

SMALLEST_CELL = 6
"""Pixels: a far person's face is smaller than one patch."""

MARGIN = 0.1
"""Boxes grow on each side by this share of their longer side: detectors cut off hair and hands, and put one box
around two persons that walk close together."""

FACE_CELLS = 2
"""Across a face's shorter side: what is found as a face may fill a picture, and six cells of it are a portrait."""
FACE_MARGIN = 0.25
"""Of a face: its box ends at brow and chin."""

Box = Sequence[float]
Boxes = Iterable[Box] | NDArray[np.float32]


def person_boxes(detections: Detections, min_certainty: float = 0.0) -> NDArray[np.float32]:
    """Boxes (N, 4) of everything that may be a person; rather one too many."""
    labels = np.array([each in PERSONS for each in detections.labels])
    keep = labels[detections.classes] & (detections.certainty >= min_certainty)
    return detections.boxes[keep]


def blur_persons(image: NDArray[np.uint8], persons: Boxes, faces: Boxes = ()) -> NDArray[np.uint8]:
    """A copy of a BGR picture with the boxes (left, top, right, bottom in 0..1) made unrecognisable.

    Each person's box is averaged to about 6 cells across its shorter side, each face's to 2, and those are spread
    again. The averages are all that is left of it: nothing in the result depends on how the pixels lay within a cell.
    """
    result = image.copy()
    _blur(result, persons, CELLS, MARGIN)
    _blur(result, faces, FACE_CELLS, FACE_MARGIN)
    return result


def _blur(result: NDArray[np.uint8], boxes: Boxes, cells: int, wider: float) -> None:
    """Each box grows on each side by the share `wider` of its longer side."""
    height, width = result.shape[:2]
    for left, top, right, bottom in boxes:
        margin = wider * max((right - left) * width, (bottom - top) * height)
        x0, x1 = max(0, int(left * width - margin)), min(width, int(np.ceil(right * width + margin)))
        y0, y1 = max(0, int(top * height - margin)), min(height, int(np.ceil(bottom * height + margin)))
        if x1 <= x0 or y1 <= y0:
            continue
        # From the result, not the original: where boxes overlap, nothing sharper comes back.
        region = result[y0:y1, x0:x1]
        cell = max(SMALLEST_CELL, min(region.shape[:2]) // cells)
        small = (max(1, round(region.shape[1] / cell)), max(1, round(region.shape[0] / cell)))
        averaged = cv2.resize(region, small, interpolation=cv2.INTER_AREA)
        result[y0:y1, x0:x1] = cv2.resize(averaged, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
