"""Frame: one decoded picture of one camera, with media time and wall time apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ingest.raster import Raster


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        device: Registry id of the camera.
        pts: Media time, seconds since the stream's first packet (never goes back within a session).
        at: Wall time of arrival of the packet it was decoded from (UTC).
        raster: The picture; made into pixels by who looks.
        catch_up: True while the camera decodes what it kept before its gate opened, faster than real time.
            Such a frame must not be pushed out by a newer one: who has no room for it answers false and is
            offered it again.
        check: True for a keyframe of a quiet camera, which is looked at now and then all the same. Nobody waited for
            it: it may have come a nap ago.
    """

    device: str
    pts: float
    at: datetime
    raster: Raster
    catch_up: bool = False
    check: bool = False

    @property
    def image(self) -> NDArray[np.uint8]:
        """All its pixels, uint8 (height, width, 3), BGR; made anew each time."""
        return self.raster.whole()
