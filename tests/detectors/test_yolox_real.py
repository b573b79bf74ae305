"""Head `yolox` on real weights, where they lie beside the project (they are not shipped): the street of the demo."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.detector import Detector
from detectors.nms import overlaps

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BESIDE = Path(os.environ.get("HUB_TEST_MODELS", ROOT.parent / "shared" / "models"))
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
WEIGHTS = BESIDE / "yolox_nano.onnx"


@pytest.fixture(scope="module")
def yolox(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    """A folder as a county would write it: BGR, 0..255, grey bars, the eighty classes of COCO."""
    if not WEIGHTS.is_file():
        pytest.skip(f"{WEIGHTS.name} is not there")
    folder = tmp_path_factory.mktemp("models") / "yolox-nano"
    folder.mkdir()
    shutil.copy(WEIGHTS, folder)
    lines = (ROOT / "models" / "coco-ssd" / "labels.txt").read_text("utf-8").splitlines()
    (folder / "labels.txt").write_text("\n".join(each for each in lines if each != "-"), "utf-8")
    manifest = {
        "id": "yolox-nano", "head": "yolox", "file": WEIGHTS.name, "licence": "Apache-2.0", "source": "YOLOX",
        "sha256": hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(), "min_certainty": 0.3, "max_overlap": 0.45,
        "input": {"name": "images", "width": 416, "height": 416, "colour": "bgr"},
    }  # fmt: skip
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest), "utf-8")
    return Detector.load(folder)


def street(second: int) -> NDArray[np.uint8]:
    """One picture of the street."""
    film = cv2.VideoCapture(str(STREET))
    film.set(cv2.CAP_PROP_POS_FRAMES, second * 10)
    there, image = film.read()
    film.release()
    assert there, f"{STREET} is missing; run `make setup`"
    return np.asarray(image, np.uint8)


def of(label: str, found: Detections, certainty: float) -> NDArray[np.float32]:
    """The boxes of one class."""
    chosen = (found.classes == found.labels.index(label)) & (found.certainty >= certainty)
    return found.only(chosen).boxes


def test_it_finds_what_the_shipped_model_finds(yolox: Detector) -> None:
    """Another network, another format, the same street: most surely seen persons lie in the same places."""
    shipped = Detector.load(ROOT / "models" / "coco-ssd")
    same = wanted = 0
    for second in (0, 4, 8):
        image = street(second)
        known = of("person", shipped.detect(image), 0.6)
        seen = of("person", yolox.detect(image), 0.3)
        assert len(seen) >= 3
        assert ((seen >= 0) & (seen <= 1)).all()
        wanted += len(known)
        same += int((overlaps(known, seen).max(axis=1) > 0.5).sum())
    assert wanted >= 6
    assert same >= 0.7 * wanted
