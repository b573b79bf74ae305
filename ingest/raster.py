"""Raster: a picture that becomes pixels when somebody looks, in the size in which it is looked at.

Most pictures are seen by a model only, at a fraction of their size: making all their pixels costs more than the look
at those that are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray


class Raster(Protocol):
    """May be asked from several threads at once."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    def whole(self) -> NDArray[np.uint8]:
        """uint8 (height, width, 3), BGR."""

    def scaled(self, width: int, height: int) -> NDArray[np.uint8]:
        """uint8 (height, width, 3), BGR, of the size asked for, interpolated linearly."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """A Raster of pixels that are there already; ValueError when they are not of that shape.

    Attributes:
        pixels: uint8 (height, width, 3), BGR.
    """

    pixels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if len(shape) != 3 or shape[2] != 3 or self.pixels.size == 0:
            raise ValueError(f"pixels: expected shape (height, width, 3), got {shape}")

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])

    def whole(self) -> NDArray[np.uint8]:
        """The pixels."""
        return self.pixels

    def scaled(self, width: int, height: int) -> NDArray[np.uint8]:
        """As of Raster."""
        small = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_LINEAR)
        return cast("NDArray[np.uint8]", small)
