"""Head `ssd`: boxes already decoded against their anchors, and one score per class.

Outputs: boxes (1, N, 1, 4) or (1, N, 4) as top, left, bottom, right in 0..1 of the input; scores (1, N, C),
column i for line i of labels.txt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import used
from detectors.detections import Detections
from detectors.model import Manifest
from detectors.nms import crowds, keep_surest
from ingest.errors import InvalidModel


def decode(outputs: Sequence[NDArray[np.float32]], manifest: Manifest) -> Detections:
    """What was found in one picture, in 0..1 of the input; InvalidModel when the shapes are not as above."""
    classes = manifest.classes
    shapes = [each.shape for each in outputs]
    if len(outputs) != 2 or outputs[0].size % 4 or outputs[1].shape[-1:] != (len(classes),):
        raise InvalidModel(
            f"outputs {shapes}, expected boxes (1, N, 1, 4) and scores (1, N, {len(classes)})",
            where=manifest.id,
            mend="name another `head`, or give labels.txt one line per score column",
        )
    corners = outputs[0].reshape(-1, 4)
    scores = outputs[1].reshape(-1, len(classes))
    if len(corners) != len(scores):
        raise InvalidModel(
            f"{len(corners)} boxes and {len(scores)} rows of scores",
            where=manifest.id,
            mend="name another `head`",
        )
    # Few of the 1,917 rows hold anything: only those are looked at closely.
    rows = np.unique(np.flatnonzero(scores.ravel() >= manifest.min_certainty) // len(classes))
    corners, scores = corners[rows], np.where(used(classes), scores[rows], 0.0)
    best = scores.argmax(axis=1)
    certainty = scores[np.arange(len(scores)), best]
    whole = (
        np.isfinite(corners).all(axis=1) & (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    )
    chosen = np.flatnonzero((certainty >= manifest.min_certainty) & whole)
    boxes = np.clip(corners[chosen][:, [1, 0, 3, 2]], 0.0, 1.0).astype(np.float32)
    sure, kinds = certainty[chosen].astype(np.float32), best[chosen].astype(np.int64)
    kept = keep_surest(boxes, sure, max_overlap=manifest.max_overlap, max_boxes=manifest.max_boxes)
    kept = kept[~crowds(boxes[kept], sure[kept], kinds[kept])]
    return Detections(boxes[kept], sure[kept], kinds[kept], classes)
