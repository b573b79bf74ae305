"""Head `yolov8`: YOLOv8 as exported to ONNX without its own suppression; YOLOv9 and YOLO11 are the same.

Output: (1, 4 + C, N), one column per box: middle x, middle y, width, height in pixels of the input, and one score per
class, 0..1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import best_class, kept, middles_to_corners, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    lines = 4 + len(manifest.classes)
    if len(outputs) != 1 or outputs[0].ndim != 3 or outputs[0].shape[:2] != (1, lines):
        raise wrong_shape(outputs, f"(1, {lines}, N)", manifest)
    rows = np.ascontiguousarray(outputs[0][0].T, np.float32)
    certainty, kinds = best_class(rows[:, 4:], manifest.classes)
    return kept(middles_to_corners(rows[:, :4]), certainty, kinds, manifest)
