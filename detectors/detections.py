"""Detections: what a model found in one frame, as arrays of equal length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detections:
    """N boxes.

    Attributes:
        boxes: float32 (N, 4): left, top, right, bottom, in 0..1 of the picture.
        certainty: float32 (N,): 0..1.
        classes: int64 (N,): index into `labels`.
        labels: The model's class names.
        areas: float32 (N,): how much of the picture each thing itself covers, 0..1, of a model that draws outlines
            (its box covers more); None of one that does not.
    """

    boxes: NDArray[np.float32]
    certainty: NDArray[np.float32]
    classes: NDArray[np.int64]
    labels: tuple[str, ...]
    areas: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        if self.boxes.shape != (n, 4):
            raise ValueError(f"boxes: expected shape ({n}, 4), got {self.boxes.shape}")
        for name in ("certainty", "classes"):
            shape = getattr(self, name).shape
            if shape != (n,):
                raise ValueError(f"{name}: expected shape ({n},), got {shape}")
        if self.areas is not None and self.areas.shape != (n,):
            raise ValueError(f"areas: expected shape ({n},), got {self.areas.shape}")

    def __len__(self) -> int:
        """How many boxes."""
        return len(self.boxes)

    def only(self, keep: NDArray[np.bool_]) -> Detections:
        """The boxes where `keep` (N,) is true."""
        areas = None if self.areas is None else self.areas[keep]
        return Detections(self.boxes[keep], self.certainty[keep], self.classes[keep], self.labels, areas)

    @staticmethod
    def none(labels: tuple[str, ...]) -> Detections:
        """No boxes."""
        return Detections(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), labels
        )
