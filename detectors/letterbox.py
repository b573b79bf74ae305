"""Letterbox: a picture of any size becomes a model's input, and boxes find their way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.model import Input
from ingest.raster import Raster


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the picture lies inside the input, in 0..1 of the input: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float

    def back(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (N, 4) in 0..1 of the input become 0..1 of the picture, cut at its border."""
        offset = np.array([self.left, self.top, self.left, self.top], np.float32)
        size = np.array([self.width, self.height, self.width, self.height], np.float32)
        inside: NDArray[np.float32] = np.clip((boxes - offset) / size, 0.0, 1.0).astype(np.float32)
        return inside

    def share(self, areas: NDArray[np.float32]) -> NDArray[np.float32]:
        """Areas (N,) in 0..1 of the input become 0..1 of the picture."""
        shares: NDArray[np.float32] = np.minimum(areas / (self.width * self.height), 1.0).astype(np.float32)
        return shares


def prepare(raster: Raster, want: Input) -> tuple[NDArray[np.float32], Fit]:
    """The input tensor (1, …) of a picture, no higher than it needs, and where the picture lies in it."""
    width, height = raster.width, raster.height
    if want.fit == "stretch":
        inner_width, inner_height = want.width, want.height
    else:
        scale = min(want.width / width, want.height / height)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    outer = min((each for each in want.lower if each >= inner_height), default=want.height)
    left, top = (want.width - inner_width) // 2, (outer - inner_height) // 2
    fit = Fit(left / want.width, top / outer, inner_width / want.width, inner_height / outer)
    planes = cv2.split(raster.scaled(inner_width, inner_height))
    values = _values(want)
    tensor = np.empty((1, 3, outer, want.width), np.float32)
    for channel, plane in enumerate(reversed(planes) if want.colour == "rgb" else planes):
        tensor[0, channel] = values[channel, want.pad]
        cv2.LUT(
            plane, values[channel], tensor[0, channel, top : top + inner_height, left : left + inner_width]
        )
    if want.layout == "nhwc":
        tensor = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
    return tensor, fit


@lru_cache(maxsize=64)
def _values(want: Input) -> NDArray[np.float32]:
    """What each of the 256 values becomes, per channel: (3, 256). Looked up, it costs a quarter of reckoning."""
    levels = np.arange(256, dtype=np.float32)
    return np.stack(
        [
            (levels - np.float32(mean)) * np.float32(scale)
            for mean, scale in zip(want.mean, want.scale, strict=True)
        ]
    )
