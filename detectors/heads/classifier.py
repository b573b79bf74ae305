"""Head `classifier`: one score per class for the whole picture: one box around all of it, of the surest class.

Output: (1, C), also (1, C, 1, 1). Scores that are no distribution (0..1, together 1) are made one (softmax); with a
single label it is 0..1 as it is, else its logistic value. Label the class of a picture in which nothing is wrong `-`:
when it is the surest, nothing was found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import wrong_shape
from detectors.detections import Detections
from detectors.model import UNUSED, Manifest

NEAR = 1e-3
"""Scores whose sum is so near to 1 are a distribution, rounded."""


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """The surest class of one picture, if it is sure enough; InvalidModel when the shapes are not as above."""
    many = len(manifest.classes)
    if len(outputs) != 1 or outputs[0].shape[:2] != (1, many) or outputs[0].size != many:
        raise wrong_shape(outputs, f"(1, {many})", manifest)
    scores = shares(outputs[0].reshape(many).astype(np.float64))
    best = int(scores.argmax())
    if manifest.classes[best] == UNUSED or not scores[best] >= manifest.min_certainty:
        return Detections.none(manifest.classes)
    whole = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
    return Detections(
        whole, np.array([scores[best]], np.float32), np.array([best], np.int64), manifest.classes
    )


def shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores (C,) as a distribution; what is no number at all is certain of nothing."""
    if not np.isfinite(scores).all():
        return np.zeros_like(scores)
    inside = bool((scores >= 0).all() and (scores <= 1).all())
    if len(scores) == 1:
        return scores if inside else 1.0 / (1.0 + np.exp(-np.clip(scores, -500.0, 500.0)))
    if inside and abs(float(scores.sum()) - 1.0) <= NEAR:
        return scores
    grown = np.exp(scores - scores.max())
    shared: NDArray[np.float64] = grown / grown.sum()
    return shared
