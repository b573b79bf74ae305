"""Peer: a VideoCapture thread per camera, every n-th picture to two onnxruntime workers.

    python -m bench.peers.opencv_threads MODEL.onnx FPS URL…

grab() decodes, retrieve() converts to BGR: only pictures that are looked at are converted.
"""

from __future__ import annotations

import os
import sys
import time

import cv2
import numpy as np

from bench.peers.ssd import Counts, Inference, letterbox, serve

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
            number = 0
            while capture.grab():
                counts[camera].decoded += 1
                if number % step == 0:
                    found, image = capture.retrieve()
                    if found:
                        inference.put(camera, letterbox(np.asarray(image, np.uint8)))
                number += 1
            capture.release()
            time.sleep(RECONNECT)

    serve(counts, watch)


if __name__ == "__main__":
    main()
