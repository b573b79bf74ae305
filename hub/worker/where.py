"""Where: in which part of a camera's picture a change can matter to its rules, as the gate's bitmap."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.zones import WHOLE, Polygon
from ingest.glance import HEIGHT, WIDTH

REACH = 0.08
"""Share of the picture around a zone that counts too: a thing stands where its box ends, and changes above that."""


def where(zones: Sequence[Polygon | None]) -> NDArray[np.bool_] | None:
    """True where a change can matter, (90, 160): the zones of all rules and what is near; None for everywhere.

    One rule without a zone of its own, or none at all, is everywhere.
    """
    if not zones or any(zone is None or zone == WHOLE for zone in zones):
        return None
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for zone in zones:
        corners = [(round(x * (WIDTH - 1)), round(y * (HEIGHT - 1))) for x, y in zone or ()]
        cv2.fillPoly(mask, [np.array(corners, np.int32)], 1)
    high, wide = round(REACH * HEIGHT), round(REACH * WIDTH)
    return cv2.dilate(mask, np.ones((2 * high + 1, 2 * wide + 1), np.uint8)) > 0
