"""Clock: footage that carries its own time, read back from any picture of a clip.

The number of each picture is drawn into a strip above it, as black and white bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

FPS = 25
SIZE = (480, 360)
"""Of the picture below the clock."""
STRIP = 96
"""Pixels above the picture; the bars fill the upper half, so that nothing drawn or blurred below touches them."""
BITS = 12
BAR = 20
"""Pixels across one bar; each bit is followed by its opposite, so that what is read can be told from what is not."""


def stamp(image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """The picture with its number above it."""
    strip = np.full((STRIP, image.shape[1], 3), 128, np.uint8)
    for bit in range(BITS):
        light = bool(number >> bit & 1)
        for side, white in enumerate((light, not light)):
            left = (2 * bit + side) * BAR
            strip[: STRIP // 2, left : left + BAR] = 235 if white else 16
    return np.vstack([strip, image])


def read(image: NDArray[np.uint8]) -> int:
    """The number above a picture; AssertionError when it cannot be read for certain."""
    number = 0
    for bit in range(BITS):
        first, second = (
            float(
                image[8 : STRIP // 2 - 8, (2 * bit + side) * BAR + 6 : (2 * bit + side + 1) * BAR - 6].mean()
            )
            for side in (0, 1)
        )
        assert abs(first - second) > 100, f"bit {bit}: {first:.0f}, {second:.0f}"
        number |= (first > second) << bit
    return number


def stamped_clip(path: Path, source: Path | None, seconds: float, *, gop: int = 50) -> Path:
    """An MP4 of `source` (an empty grey picture without one) at 25 pictures a second, each with its number."""
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "bf": "0", "g": str(gop), "sc_threshold": "0"}
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(_pictures(source, round(seconds * FPS))):
            stamped = stamp(image, number)
            if number == 0:
                stream.height, stream.width = stamped.shape[:2]
            out.mux(stream.encode(VideoFrame.from_ndarray(stamped, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def _pictures(source: Path | None, count: int) -> Iterator[NDArray[np.uint8]]:
    grey = np.full((SIZE[1], SIZE[0], 3), 110, np.uint8)
    film = cv2.VideoCapture(str(source)) if source is not None else None
    every = film.get(cv2.CAP_PROP_FPS) / FPS if film is not None else 1.0
    read_to, image = -1, grey
    for number in range(count):
        while film is not None and read_to < int(number * every):
            there, fresh = film.read()
            assert there, f"{source} is missing or too short; run `make setup`"
            read_to, image = read_to + 1, np.asarray(cv2.resize(fresh, SIZE), np.uint8)
        yield image
    if film is not None:
        film.release()
