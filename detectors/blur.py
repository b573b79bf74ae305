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

Box = Sequence[float]


def person_boxes(detections: Detections, min_certainty: float = 0.0) -> NDArray[np.float32]:
    """Boxes (N, 4) of everything that may be a person; rather one too many."""
    labels = np.array([each in PERSONS for each in detections.labels])
    keep = labels[detections.classes] & (detections.certainty >= min_certainty)
    return detections.boxes[keep]


def blur_persons(image: NDArray[np.uint8], boxes: Iterable[Box] | NDArray[np.float32]) -> NDArray[np.uint8]:
    """A copy of a BGR picture with the boxes (left, top, right, bottom in 0..1) made unrecognisable.

    Each box is averaged to about 6 cells across its shorter side, and those are spread again. The averages are
    all that is left of it: nothing in the result depends on how the pixels lay within a cell.
    """
    result = image.copy()
    height, width = image.shape[:2]
    for left, top, right, bottom in boxes:
        margin = MARGIN * max((right - left) * width, (bottom - top) * height)
        x0, x1 = max(0, int(left * width - margin)), min(width, int(np.ceil(right * width + margin)))
        y0, y1 = max(0, int(top * height - margin)), min(height, int(np.ceil(bottom * height + margin)))
        if x1 <= x0 or y1 <= y0:
            continue
        # From the result, not the original: where boxes overlap, nothing sharper comes back.
        region = result[y0:y1, x0:x1]
        cell = max(SMALLEST_CELL, min(region.shape[:2]) // CELLS)
        small = (max(1, round(region.shape[1] / cell)), max(1, round(region.shape[0] / cell)))
        averaged = cv2.resize(region, small, interpolation=cv2.INTER_AREA)
        result[y0:y1, x0:x1] = cv2.resize(averaged, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return result
