"""Augment: what else a crop could have looked like: other light, noise, a camera that gave way a little. Pure."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.teach.region import Picture

SHIFT = 0.05
"""Of the width and height, either way: wind, trains, a box that sits a little differently."""
GROW = 0.05
"""Either way."""
GAIN, GAMMA, CAST = 0.2, 0.25, 0.04
"""Standard deviations of the logarithm of contrast, gamma and each channel's strength: lamps, clouds, exposure."""
OFFSET = 10.0
"""Standard deviation of brightness, of 255."""
NOISE = 8.0
"""Highest standard deviation of a sensor's noise, of 255."""
SOFTENED = 0.25
"""Share of copies that are a little out of focus."""


def changed(picture: Picture, chance: np.random.Generator, *, flips: bool = False) -> Picture:
    """Another look of the same crop, of the same size.

    Args:
        picture: uint8 (height, width, 3), BGR.
        chance: Where chance comes from.
        flips: Whether left and right may change places; not where the place in the picture matters.
    """
    height, width = picture.shape[:2]
    grow = 1.0 + chance.uniform(-GROW, GROW)
    right, down = chance.uniform(-SHIFT, SHIFT, 2) * (width, height)
    way = np.array([[grow, 0.0, right + (1 - grow) * width / 2], [0.0, grow, down + (1 - grow) * height / 2]])
    made = np.asarray(
        cv2.warpAffine(picture, way, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )
    if flips and chance.random() < 0.5:
        made = np.ascontiguousarray(made[:, ::-1])
    made = np.asarray(cv2.LUT(made, _light(chance)), np.uint8)
    if chance.random() < SOFTENED:
        made = np.asarray(cv2.GaussianBlur(made, (0, 0), 1.0), np.uint8)
    noise = chance.standard_normal(made.shape, np.float32) * np.float32(chance.uniform(0.0, NOISE))
    return cast("Picture", np.clip(np.rint(made + noise), 0, 255).astype(np.uint8))


def _light(chance: np.random.Generator) -> NDArray[np.uint8]:
    """What each value becomes, per channel: (1, 256, 3)."""
    levels = np.linspace(0.0, 1.0, 256)
    gamma, gain = np.exp(chance.normal(0.0, GAMMA)), np.exp(chance.normal(0.0, GAIN))
    strength = np.exp(chance.normal(0.0, CAST, 3))
    seen = ((levels**gamma - 0.5) * gain + 0.5)[:, None] * strength * 255 + chance.normal(0.0, OFFSET)
    return np.asarray(np.clip(np.rint(seen), 0, 255)[None], np.uint8)
