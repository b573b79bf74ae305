"""Head `centerface`: CenterFace, whose cells of four pixels say where the middle of a face may be. It only hides.

Outputs: heat (1, 1, H/4, W/4): how sure it is of a middle, 0..1; size (1, 2, …): logarithm of height and width in
cells; offset (1, 2, …): of the middle from the cell's, down and right, in cells. scripts/centerface_to_onnx.py leaves
out the landmarks that the network came with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import kept, middles_to_corners, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest

STRIDE = 4
"""Pixels of a cell."""
LARGEST = 12.0
"""Of a logarithm: e¹² cells are larger than any input, and no overflow."""


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    rows, columns = manifest.input.height // STRIDE, manifest.input.width // STRIDE
    expected = [(1, 1, rows, columns), (1, 2, rows, columns), (1, 2, rows, columns)]
    if [each.shape for each in outputs] != expected or len(manifest.classes) != 1:
        raise wrong_shape(outputs, ", ".join(map(str, expected)), manifest)
    heat = np.nan_to_num(outputs[0][0, 0].astype(np.float32, copy=False), nan=0.0)
    y, x = np.nonzero(heat >= manifest.min_certainty)
    size = np.exp(np.minimum(outputs[1][0][:, y, x], LARGEST)) * STRIDE
    offset = outputs[2][0][:, y, x]
    middle = np.stack([x + offset[1] + 0.5, y + offset[0] + 0.5], axis=1) * STRIDE
    boxes = np.concatenate([middle, size[::-1].T], axis=1).astype(np.float32)
    return kept(middles_to_corners(boxes), heat[y, x], np.zeros(len(y), np.int64), manifest)
