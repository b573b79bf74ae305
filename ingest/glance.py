"""Glance: one keyframe of one camera, decoded small and grey: enough to see that something changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 160, 90
"""Pixels, whatever the camera's own size and shape."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One small picture; about one a GOP, whether the camera's gate is quiet or open.

    Attributes:
        device: Registry id of the camera.
        pts: Media time, seconds since the stream's first packet.
        at: Wall time of arrival of the packet it was decoded from (UTC).
        grey: uint8, shape (90, 160).
    """

    device: str
    pts: float
    at: datetime
    grey: NDArray[np.uint8]
