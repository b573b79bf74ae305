"""Features: what the backbone says of crops, in batches."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.model import verify
from detectors.session import Session
from detectors.teach.backbone import BASE, BLOCKS, feature_model
from detectors.teach.network import CROPS, SIZE
from detectors.teach.region import Picture

Features = Mapping[str, NDArray[np.float32]]
"""Of each block (N, so many)."""

BATCH = 8


def fitted(picture: Picture) -> Picture:
    """The crop in the size that the network sees: proportions are lost, means are taken where it shrinks."""
    height, width = picture.shape[:2]
    shrinks = height >= SIZE and width >= SIZE
    small = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


def as_batch(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """(N, SIZE, SIZE, 3) of crops of that size."""
    return np.stack(pictures).astype(np.float32)


class Backbone:
    """The cut detector, loaded; `features` may be called from several threads.

    Attributes:
        base: The detector's file, of which taught models are made.
        sha256: Its digest.
        licence: Its licence.
    """

    def __init__(self, models: Path, threads: int = 1) -> None:
        """The shipped model below `models`, verified and cut; or InvalidModel. Takes about a second."""
        manifest = verify(models / BASE)
        self.base = (models / BASE / manifest.file).read_bytes()
        self.sha256 = manifest.sha256
        self.licence = manifest.licence
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "features.onnx"
            path.write_bytes(feature_model(self.base))
            self._session = Session(path, threads)

    def features(self, pictures: Sequence[Picture]) -> Features:
        """What is seen in crops of SIZE × SIZE pixels (see fitted())."""
        rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in BLOCKS}
        for begin in range(0, len(pictures), BATCH):
            out = self._session.run({CROPS: as_batch(pictures[begin : begin + BATCH])})
            for name, block in zip(self._session.outputs, out, strict=True):
                rows[name].append(block)
        return {
            name: np.concatenate(parts) if parts else np.zeros((0, BLOCKS[name]), np.float32)
            for name, parts in rows.items()
        }
