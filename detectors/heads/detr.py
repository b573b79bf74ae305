"""Head `detr`: networks that say each thing once: DETR, Conditional and Deformable DETR, DINO, RT-DETR, D-FINE.

Outputs: scores (1, N, K) and boxes (1, N, 4), in whichever order; or both in one, (1, N, 4 + C), boxes first. Boxes are
middle x, middle y, width, height in 0..1 of the input. With K = C each class has a score of its own: 0..1 as it is,
logits are made logistic. With K = C + 1 a row is one distribution whose last column is "no object" (which does not
stand in labels.txt): taken as it is when it is one, else made one (softmax). Nothing is suppressed; `max_overlap` plays
no part. When both outputs have four columns the first is taken for the scores.

Exports that want the picture's size as a second input, or give labels, boxes and scores already sorted out, are another
format.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import best_class, chances, kept, middles_to_corners, wrong_shape
from detectors.detections import Detections
from detectors.model import Manifest

NEAR = 1e-2
"""Scores whose sum is so near to 1 are a distribution, rounded (to 16 bits, of some hundred columns)."""


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    many = len(manifest.classes)
    scores, boxes = _parts(outputs, manifest)
    sure = chances(scores) if scores.shape[1] == many else shares(scores)[:, :many]
    certainty, kinds = best_class(sure, manifest.classes)
    width, height = manifest.input.width, manifest.input.height
    with np.errstate(invalid="ignore", over="ignore"):  # what is no number is dropped with its box
        corners = middles_to_corners(boxes) * np.array([width, height, width, height], np.float32)
    return kept(corners, certainty, kinds, manifest, suppress=False)


def _parts(
    outputs: Sequence[NDArray[np.float32]], manifest: Manifest
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (N, K) and boxes (N, 4)."""
    many = len(manifest.classes)
    tables = [each[0].astype(np.float32, copy=False) for each in outputs if each.ndim == 3 and len(each) == 1]
    if len(tables) == len(outputs) == 1 and tables[0].shape[1] == 4 + many:
        return tables[0][:, 4:], tables[0][:, :4]
    if len(tables) == len(outputs) == 2 and len(tables[0]) == len(tables[1]):
        for scores, boxes in (tables, tables[::-1]):
            if boxes.shape[1] == 4 and scores.shape[1] in (many, many + 1):
                return scores, boxes
    expected = f"(1, N, {many}) or (1, N, {many + 1}) with (1, N, 4), or (1, N, {4 + many}) alone,"
    raise wrong_shape(outputs, expected, manifest)


def shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row of scores (N, K) as a distribution; a row with what is no number is certain of nothing."""
    known = np.isfinite(scores).all(axis=1)
    rows = scores[known]
    shared = np.full(scores.shape, np.nan, np.float32)
    with np.errstate(over="ignore"):
        if (rows >= 0).all() and (np.abs(rows.sum(axis=1) - 1.0) <= NEAR).all():
            shared[known] = rows
        else:
            grown = np.exp(rows - rows.max(axis=1, keepdims=True))
            shared[known] = grown / grown.sum(axis=1, keepdims=True)
    return shared
