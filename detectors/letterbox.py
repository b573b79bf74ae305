"""Letterbox: a picture of any size becomes a model's input, and boxes find their way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.model import Input


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


def prepare(image: NDArray[np.uint8], want: Input) -> tuple[NDArray[np.float32], Fit]:
    """The input tensor (1, …) of a BGR picture (height, width, 3), and where the picture lies in it."""
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image: expected shape (height, width, 3), got {image.shape}")
    height, width = image.shape[:2]
    if want.fit == "stretch":
        shaped = cv2.resize(image, (want.width, want.height), interpolation=cv2.INTER_LINEAR)
        fit = Fit(0.0, 0.0, 1.0, 1.0)
    else:
        scale = min(want.width / width, want.height / height)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (want.width - inner_width) // 2, (want.height - inner_height) // 2
        shaped = np.full((want.height, want.width, 3), want.pad, np.uint8)
        shaped[top : top + inner_height, left : left + inner_width] = cv2.resize(
            image, (inner_width, inner_height), interpolation=cv2.INTER_LINEAR
        )
        fit = Fit(left / want.width, top / want.height, inner_width / want.width, inner_height / want.height)
    if want.colour == "rgb":
        shaped = cv2.cvtColor(shaped, cv2.COLOR_BGR2RGB)
    tensor = (shaped.astype(np.float32) - np.array(want.mean, np.float32)) * np.array(want.scale, np.float32)
    if want.layout == "nchw":
        tensor = tensor.transpose(2, 0, 1)
    return np.ascontiguousarray(tensor[None], np.float32), fit
