"""Head `yolov5`: YOLOv5 (and YOLOv7) as exported to ONNX with its boxes decoded.

Output: (1, N, 5 + C): middle x, middle y, width, height in pixels of the input, how sure it is of a thing, and one
score per class, both 0..1.
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
    columns = 5 + len(manifest.classes)
    if len(outputs) != 1 or outputs[0].ndim != 3 or outputs[0].shape[::2] != (1, columns):
        raise wrong_shape(outputs, f"(1, N, {columns})", manifest)
    rows = outputs[0][0].astype(np.float32, copy=False)
    certainty, kinds = best_class(rows[:, 5:], manifest.classes, rows[:, 4:5])
    return kept(middles_to_corners(rows[:, :4]), certainty, kinds, manifest)
