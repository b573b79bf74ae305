"""What the video peers share: coco-ssd on onnxruntime, and inference workers that look at cameras' newest pictures."""

from __future__ import annotations

import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
SIDE = 300
GREY = 114
SURE = 0.25
OVERLAP = 0.55
WORKERS = 2


class Model:
    """One session on one thread; `boxes` takes the model's own input picture."""

    def __init__(self, path: str) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The bare network."""
        return [np.asarray(each) for each in self._session.run(None, {"image": tensor})]

    def boxes(self, rgb: Picture) -> NDArray[np.float32]:
        """Top, left, bottom, right and certainty of what is seen in uint8 (300, 300, 3), RGB."""
        corners, scores = self.run(tensor(rgb))
        corners, sure = corners.reshape(-1, 4), scores.reshape(-1, scores.shape[-1]).max(axis=1)
        chosen = np.flatnonzero(sure >= SURE)
        corners, sure = corners[chosen], sure[chosen]
        wide = np.column_stack([corners[:, 1], corners[:, 0], np.ptp(corners[:, 1::2], axis=1),
                                np.ptp(corners[:, ::2], axis=1)])  # fmt: skip
        kept = np.array(cv2.dnn.NMSBoxes(wide.tolist(), sure.tolist(), SURE, OVERLAP), np.intp)
        return np.column_stack([corners[kept], sure[kept]]).astype(np.float32)


def tensor(rgb: Picture) -> NDArray[np.float32]:
    """float32 (1, 3, 300, 300), -1..1."""
    scaled = rgb.astype(np.float32)
    scaled *= 1 / 127.5
    scaled -= 1
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def letterbox(bgr: Picture) -> Picture:
    """The whole picture between grey bars."""
    height, width = bgr.shape[:2]
    scale = SIDE / max(height, width)
    inner = cv2.resize(bgr, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    return framed(cv2.cvtColor(inner, cv2.COLOR_BGR2RGB))


def framed(rgb: NDArray[np.generic]) -> Picture:
    """A picture that fills one side, between grey bars."""
    whole = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    top, left = (SIDE - rgb.shape[0]) // 2, (SIDE - rgb.shape[1]) // 2
    whole[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return whole


@dataclass(slots=True)
class Counts:
    """Of one camera."""

    decoded: int = 0
    analysed: int = 0
    seen: int = 0


class Inference:
    """Two workers, each with its own session, and the newest picture of every camera that waits."""

    def __init__(
        self, path: str, counts: Sequence[Counts], workers: int = WORKERS, model: type[Model] = Model
    ) -> None:
        self._counts = counts
        self._waiting: OrderedDict[int, Picture] = OrderedDict()
        self._filled = threading.Condition()
        for _ in range(workers):
            threading.Thread(target=self._work, args=(model(path),), daemon=True).start()

    def put(self, camera: int, rgb: Picture) -> None:
        """Look at this one; it takes the place of an older one of the same camera."""
        with self._filled:
            self._waiting[camera] = rgb
            self._filled.notify()

    def _work(self, model: Model) -> None:
        while True:
            with self._filled:
                while not self._waiting:
                    self._filled.wait()
                camera, rgb = self._waiting.popitem(last=False)
            found = model.boxes(rgb)
            with self._filled:
                self._counts[camera].analysed += 1
                self._counts[camera].seen += len(found)


def serve(counts: Sequence[Counts], watch: Callable[[int], None]) -> None:
    """A thread per camera that calls `watch`, and an answer with all counts to every line of standard input."""
    for camera in range(len(counts)):
        threading.Thread(target=watch, args=(camera,), daemon=True).start()
    for _ in sys.stdin:
        told = {name: [getattr(each, name) for each in counts] for name in ("decoded", "analysed", "seen")}
        print(json.dumps(told), flush=True)
