"""Boxes: what heads share: which shape an output must have, the best class of each row, what is kept of many boxes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.model import UNUSED, Manifest
from detectors.nms import keep_surest
from ingest.errors import InvalidModel

LARGEST = 80.0
"""Of a logit: its exponential is still a float32, and the logistic value next to 0 or 1."""
FAR = 1000.0
"""Inputs beyond the picture, from where on how far a box reaches makes no difference."""


def wrong_shape(outputs: Sequence[NDArray[np.float32]], expected: str, manifest: Manifest) -> InvalidModel:
    """The error of a head that finds other outputs than it can read."""
    shapes = ", ".join(str(each.shape) for each in outputs) or "none"
    size = f"{manifest.input.width} × {manifest.input.height}"
    return InvalidModel(
        f"outputs {shapes}, expected {expected} for {len(manifest.classes)} labels and an input of {size}",
        where=manifest.id,
        mend="name another `head`, or correct labels.txt (one line per class of the model) or `input`",
    )


@lru_cache(maxsize=64)
def used(classes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which columns of scores the model uses, (C,)."""
    return np.array([label != UNUSED for label in classes])


def best_class(
    scores: NDArray[np.float32], classes: tuple[str, ...], sure: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Of each row of scores (N, C) the highest and its column, among the columns that are used.

    With `sure` (N, 1) both are multiplied: that there is a thing, and which. What is no number counts as 0.
    """
    if sure is not None:
        with np.errstate(invalid="ignore", over="ignore"):
            scores = scores * sure
    known = np.where(used(classes) & np.isfinite(scores), scores, np.float32(0.0))
    best = known.argmax(axis=1).astype(np.int64)
    return known[np.arange(len(known)), best].astype(np.float32), best


def middles_to_corners(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4) of middle x, middle y, width, height as left, top, right, bottom."""
    with np.errstate(invalid="ignore", over="ignore"):  # what is no number is dropped with its box
        half = boxes[:, 2:] / 2
        return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1).astype(np.float32)


def chances(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores as 0..1: as they are when all are, else their logistic values; what is no number stays none."""
    known = np.isfinite(scores)
    if (~known | ((scores >= 0) & (scores <= 1))).all():
        return scores
    with np.errstate(invalid="ignore"):
        sure = 1.0 / (1.0 + np.exp(-np.clip(scores, -LARGEST, LARGEST)))
    return np.where(known, sure, np.float32(np.nan)).astype(np.float32)


def chosen(
    corners: NDArray[np.float32],
    certainty: NDArray[np.float32],
    manifest: Manifest,
    *,
    suppress: bool = True,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which rows stay, surest first, and their boxes in 0..1 of the input; the rest is as for kept()."""
    sure = np.flatnonzero(certainty >= manifest.min_certainty)
    width, height = manifest.input.width, manifest.input.height
    size = np.array([width, height, width, height], np.float32)
    uncut = np.clip(corners[sure] / size, -FAR, FAR).astype(np.float32)
    boxes = np.clip(uncut, 0.0, 1.0)
    whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    sure, boxes, uncut = sure[whole], boxes[whole], uncut[whole]
    if suppress:  # by the boxes as they are, not as the picture cuts them: so do the makers
        stay = keep_surest(
            uncut, certainty[sure], max_overlap=manifest.max_overlap, max_boxes=manifest.max_boxes
        )
    else:
        stay = np.argsort(-certainty[sure], kind="stable")[: manifest.max_boxes]
    return sure[stay].astype(np.int64), boxes[stay]


def kept(
    corners: NDArray[np.float32],
    certainty: NDArray[np.float32],
    kinds: NDArray[np.int64],
    manifest: Manifest,
    *,
    suppress: bool = True,
) -> Detections:
    """The boxes that stay, surest first: certain enough, with an area inside the input, one for each thing.

    Args:
        corners: (N, 4): left, top, right, bottom in pixels of the input.
        certainty: (N,).
        kinds: (N,): index into the labels.
        manifest: Says what is certain enough, and how much two boxes of one thing overlap.
        suppress: False for a network that says of itself each thing once: then overlaps play no part.
    """
    rows, boxes = chosen(corners, certainty, manifest, suppress=suppress)
    return Detections(boxes, certainty[rows], kinds[rows], manifest.classes)
