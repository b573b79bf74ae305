"""Peer: as opencv_threads, but a picture without motion is not looked at, as network video recorders do it.

    python -m bench.peers.opencv_motion MODEL.onnx FPS URL…

Motion: a small grey picture, blurred, differs from the running mean in enough of its points. Everything is decoded
all the same, and after motion the camera is looked at for some pictures more.
"""

from __future__ import annotations

import os
import sys
import time

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.peers.ssd import Counts, Inference, Picture, letterbox, serve

os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
OPTIONS = [
    cv2.CAP_PROP_N_THREADS,
    1,
    cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
    5000,
    cv2.CAP_PROP_READ_TIMEOUT_MSEC,
    5000,
]
RECONNECT = 0.5
SMALL = (320, 180)
DIFFERS = 18.0
POINTS = 25
LEARNS = 0.05
HOLDS = 10


class Motion:
    """What one camera usually shows."""

    def __init__(self) -> None:
        self._mean: NDArray[np.float32] | None = None
        self._left = HOLDS

    def seen(self, bgr: Picture) -> bool:
        """Whether something moves, or has just moved."""
        small = cv2.resize(bgr, SMALL, interpolation=cv2.INTER_LINEAR)
        grey = np.asarray(cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0), np.float32)
        if self._mean is None:
            self._mean = grey
        far = cv2.threshold(cv2.absdiff(grey, self._mean), DIFFERS, 1, cv2.THRESH_BINARY)[1]
        moved = cv2.countNonZero(far) >= POINTS
        cv2.accumulateWeighted(grey, self._mean, LEARNS)
        self._left = HOLDS if moved else max(0, self._left - 1)
        return self._left > 0


def main() -> None:
    """Until standard input ends."""
    model, fps, urls = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    cv2.setNumThreads(1)
    counts = [Counts() for _ in urls]
    inference = Inference(model, counts)

    def watch(camera: int) -> None:
        while True:
            capture = cv2.VideoCapture(urls[camera], cv2.CAP_FFMPEG, OPTIONS)
            step = max(1, round((capture.get(cv2.CAP_PROP_FPS) or 25) / fps))
            motion, number = Motion(), 0
            while capture.grab():
                counts[camera].decoded += 1
                if number % step == 0:
                    found, image = capture.retrieve()
                    picture = np.asarray(image, np.uint8)
                    if found and motion.seen(picture):
                        inference.put(camera, letterbox(picture))
                number += 1
            capture.release()
            time.sleep(RECONNECT)

    serve(counts, watch)


if __name__ == "__main__":
    main()
