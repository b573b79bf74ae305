"""Planes: a picture as the decoder left it, brightness and colours apart; the one way from there to pixels.

What is looked at small is scaled plane by plane and coloured afterwards: a model's 300 × 169 pixels of 720p cost a
tenth of what all its pixels do. The brightness alone is what the gate and the camera's health see.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
"""Formats of 8 bits a value whose planes are scaled as they are; what cameras send. Others go the long way."""
ONE = 1
"""Thread that scales and converts; else each picture would start threads of its own and end them."""
RED, BLUE = {"bt601": 0.299, "bt709": 0.2126}, {"bt601": 0.114, "bt709": 0.0722}
"""Shares of red and blue in the brightness, ITU-R BT.601-7 and BT.709-6, table 3 and item 3.2."""


class Planes:
    """Implements Raster. It holds the decoder's own buffer (1.4 MB at 720p), and nothing else until it is asked."""

    __slots__ = ("_frame",)

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame

    @property
    def width(self) -> int:
        """Pixels."""
        return self._frame.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self._frame.height

    def whole(self) -> NDArray[np.uint8]:
        """As of Raster."""
        # A reformatter of its own: the frame's is not to be used by two threads.
        made = VideoReformatter().reformat(self._frame, format="bgr24", threads=ONE)
        return cast("NDArray[np.uint8]", made.to_ndarray())

    def scaled(self, width: int, height: int) -> NDArray[np.uint8]:
        """As of Raster."""
        if self._frame.format.name not in PLANAR:
            return _linear(self.whole(), width, height)
        planes = [_linear(_values(each), width, height) for each in self._frame.planes[:3]]
        standard = "bt709" if self._frame.colorspace == Colorspace.ITU709 else "bt601"
        matrix = _to_bgr(standard, full=_full_range(self._frame))
        return cast("NDArray[np.uint8]", cv2.transform(cv2.merge(planes), matrix))

    def grey(self, width: int, height: int) -> NDArray[np.uint8]:
        """uint8 (height, width), 0 black to 255 white: each pixel the mean of those it stands for."""
        name = self._frame.format.name
        if name not in PLANAR and name != "gray":
            whole = cv2.cvtColor(self.whole(), cv2.COLOR_BGR2GRAY)
            return cast("NDArray[np.uint8]", cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
        luma = cv2.resize(_values(self._frame.planes[0]), (width, height), interpolation=cv2.INTER_AREA)
        return cast("NDArray[np.uint8]", luma if _full_range(self._frame) else cv2.LUT(luma, STRETCHED))


def _values(plane: VideoPlane) -> NDArray[np.uint8]:
    """The plane itself, not a copy; rows are padded in memory."""
    buffer = cast("memoryview", plane)  # it speaks the buffer protocol, which its stubs do not say
    rows: NDArray[np.uint8] = np.frombuffer(buffer, np.uint8)[: plane.height * plane.line_size]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]


def _linear(values: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    return cast("NDArray[np.uint8]", cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))


def _full_range(frame: VideoFrame) -> bool:
    """Whether black is 0 and white 255; else 16 and 235."""
    return frame.format.name.startswith(("yuvj", "gray")) or frame.color_range == ColorRange.JPEG


STRETCHED = np.clip(np.round((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _to_bgr(standard: str, *, full: bool) -> NDArray[np.float32]:
    """(3, 4): from brightness, blue and red difference to blue, green and red."""
    red, blue = RED[standard], BLUE[standard]
    green = 1 - red - blue
    light, colour = (1.0, 1.0) if full else (255 / 219, 255 / 224)
    to_blue, to_red = 2 * (1 - blue) * colour, 2 * (1 - red) * colour
    rows = [
        (light, to_blue, 0.0),
        (light, -to_blue * blue / green, -to_red * red / green),
        (light, 0.0, to_red),
    ]
    black = 0.0 if full else 16.0
    return np.array([(y, b, r, -black * y - 128 * (b + r)) for y, b, r in rows], np.float32)
