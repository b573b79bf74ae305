"""The network: what a picture costs alone, in batches, with two callers or two threads, and in int8.

    python -m bench.looking network

CPU time per picture (of the whole process) and pictures per second, five rounds in turn, median; prepare() and the
head beside it. int8 is made here by onnxruntime's own tools (static, QDQ, per channel, calibrated on pictures of
the demo's footage); as no labelled pictures come in any package, its boxes are held against those of fp32.
"""

from __future__ import annotations

import contextlib
import io
import logging
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import (  # the bench alone quantises; the hub's only importer is detectors.session
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from detectors.detections import Detections
from detectors.detector import HEADS, Detector, Head
from detectors.letterbox import prepare
from detectors.nms import overlaps
from detectors.session import Session
from ingest.raster import Pixels

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "coco-ssd"
FOOTAGE = ROOT / "build" / "footage"
ROUNDS, PICTURES = 5, 48
CALIBRATED = 12
"""Pictures of each clip for calibration, evenly spread; those half-way between them are for the comparison."""


def spent() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def pictures(clip: Path, share: float) -> Iterator[NDArray[np.uint8]]:
    """CALIBRATED pictures of one clip, each the given share of a step after its mark."""
    film = cv2.VideoCapture(str(clip))
    total = int(film.get(cv2.CAP_PROP_FRAME_COUNT))
    for mark in range(CALIBRATED):
        film.set(cv2.CAP_PROP_POS_FRAMES, int((mark + share) * total / CALIBRATED))
        there, image = film.read()
        if there:
            yield np.asarray(image, np.uint8)


class Reader(CalibrationDataReader):  # type: ignore[misc] # the library has no types
    """Pictures for calibration, as the network takes them."""

    def __init__(self, detector: Detector, clips: list[Path]) -> None:
        want = detector.manifest.input
        self._left = (
            {want.name: prepare(Pixels(image), want)[0]} for clip in clips for image in pictures(clip, 0.0)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next one."""
        return next(self._left, None)


def quantised(detector: Detector, clips: list[Path], folder: Path) -> Path:
    """The network in int8."""
    ready, made = folder / "ready.onnx", folder / "int8.onnx"
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):
        quant_pre_process(str(MODEL / detector.manifest.file), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(made),
            Reader(detector, clips),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add"],  # the arithmetic on boxes stays exact
        )
    logging.disable(logging.NOTSET)
    return made


def found_again(first: Detections, second: Detections) -> tuple[int, int]:
    """Of the boxes of `first` that are surer than 0.5: how many, and how many `second` has too."""
    sure = first.only(first.certainty >= 0.5)
    worth = overlaps(sure.boxes, second.boxes)
    same = sure.classes[:, None] == second.classes[None, :]
    return len(sure), int(((worth >= 0.5) & same).any(axis=1).sum()) if len(second) else 0


def agreement(detector: Detector, other: Detector, clips: list[Path]) -> str:
    """How much of what one finds the other finds too, both ways."""
    counts = np.zeros(4, np.int64)
    for clip in clips:
        for image in pictures(clip, 0.5):
            exact, coarse = detector.detect(image), other.detect(image)
            counts += [*found_again(exact, coarse), *found_again(coarse, exact)]
    return (
        f"int8 against fp32: {counts[1]} of its {counts[0]} boxes over 0.5 found again, "
        f"{counts[2] - counts[3]} of int8's own {counts[2]} are not there in fp32"
    )


def measure(cases: Mapping[str, Callable[[], None]]) -> None:
    """Rounds of all cases in turn; a line for each."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, case in cases.items():
            clock, used = time.perf_counter(), spent()
            case()
            found[name].append((time.perf_counter() - clock, spent() - used))
    print(f"{'':28}{'CPU ms a picture':>18}{'pictures a second':>20}")
    for name, taken in found.items():
        cost = statistics.median(cpu for _, cpu in taken) / PICTURES * 1000
        pace = PICTURES / statistics.median(wall for wall, _ in taken)
        print(f"{name:28}{cost:>18.2f}{pace:>20.1f}")


def main() -> None:
    """Print the tables."""
    detector = Detector.load(MODEL)
    want, weights = detector.manifest.input, MODEL / detector.manifest.file
    clips = sorted(FOOTAGE.glob("*.mp4")) + sorted((FOOTAGE / "source").glob("*.avi"))
    image = next(pictures(clips[0], 0.0))
    tensor, _ = prepare(Pixels(image), want)
    head: Head = HEADS[detector.manifest.head]
    one, two = Session(weights, 1), Session(weights, 2)
    outputs = one.run({want.name: tensor})

    def alone(session: Session, times: int = PICTURES) -> None:
        for _ in range(times):
            session.run({want.name: tensor})

    def batches(session: Session, size: int) -> None:
        batch = np.repeat(tensor, size, axis=0)
        for _ in range(PICTURES // size):
            session.run({want.name: batch})

    def preparing() -> None:
        for _ in range(PICTURES):
            prepare(Pixels(image), want)

    def heads() -> None:
        for _ in range(PICTURES):
            head.decode(outputs, detector.manifest)

    def callers() -> None:
        threads = [threading.Thread(target=alone, args=(one, PICTURES // 2)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with tempfile.TemporaryDirectory() as folder:
        made = quantised(detector, clips, Path(folder))
        coarse = Session(made, 1)
        measure(
            {
                "fp32, one thread": lambda: alone(one),
                "batches of 2": lambda: batches(one, 2),
                "batches of 4": lambda: batches(one, 4),
                "batches of 8": lambda: batches(one, 8),
                "two callers": callers,
                "two threads in one call": lambda: alone(two),
                "int8, one thread": lambda: alone(coarse),
                "prepare()": preparing,
                "head": heads,
            }
        )
        print(agreement(detector, Detector(detector.manifest, coarse, head), clips))
