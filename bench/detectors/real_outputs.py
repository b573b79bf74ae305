"""Real outputs: what networks say of real pictures, for the heads that read it; only those whose weights are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.video.films import ROOT, STREET
from detectors.letterbox import prepare
from detectors.model import Input, load_manifest
from detectors.session import Session
from ingest.raster import Pixels

Outputs = list[NDArray[np.float32]]
Set = tuple[str, str, tuple[int, int], int, list[Outputs]]
"""Name of the case, what was looked at, width and height of the input, how many classes, outputs."""

YOLOX = Path(os.environ.get("HUB_TEST_MODELS", ROOT.parent / "shared" / "models")) / "yolox_nano.onnx"
FACE = STREET.with_name("carphone_pristine.mp4")
PICTURES = 10


def real() -> Iterator[Set]:
    """Of the weights that are there."""
    if YOLOX.is_file():
        asked = Input(name="images", width=416, height=416, colour="bgr")
        yield "yolox", "of a street", (416, 416), 80, said(YOLOX, asked, STREET, 70)
    faces = load_manifest(ROOT / "models" / "centerface")
    asked = faces.input.model_copy(update={"height": 480, "lower": ()})
    weights = ROOT / "models" / "centerface" / faces.file
    yield "centerface", "of a face", (640, 480), 1, said(weights, asked, FACE, 10)
    things = load_manifest(ROOT / "models" / "coco-ssd")
    asked = things.input.model_copy(update={"lower": ()})
    yield (
        "ssd",
        "of a street",
        (300, 300),
        90,
        said(ROOT / "models" / "coco-ssd" / things.file, asked, STREET, 70),
    )


def said(weights: Path, asked: Input, film: Path, every: int) -> list[Outputs]:
    """What the network says of every so-many-th picture of a film."""
    session, found = Session(weights, 2), list[Outputs]()
    with av.open(str(film)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0 and len(found) < PICTURES:
                picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                tensor, _ = prepare(Pixels(picture), asked)
                found.append([np.asarray(each, np.float32) for each in session.run({asked.name: tensor})])
    return found
