"""Faces in what is shown: found by the very model that hides them before blurring, and never in the stored copies.

A film with a face in every picture (build/footage/source), large and, put into a street, small; through the worker's
evidence keeper and through the recoder process. Looked at again at the size it has and at twice the size.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.detector import HEADS, Detector, Head
from detectors.model import Manifest, load_manifest
from detectors.session import Session
from hub.worker.evidence import EvidenceKeeper, Raise
from hub.worker.finder_process import FinderProcess
from hub.worker.models import Models
from hub.worker.watch import Look
from ingest.errors import EvidencePending
from ingest.frame import Frame
from ingest.raster import Pixels
from ingest.video.recode import pictures
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
FILM = ROOT / "build" / "footage" / "source" / "carphone_pristine.mp4"
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SURE = 0.5
"""As its makers have it: from here on it is a face before blurring."""
LEFT = 0.35
"""And from here on it would be one that was left."""
MANY = 30
"""Pictures of each size; of the clip twice as many."""

Picture = NDArray[np.uint8]


@lru_cache(maxsize=1)
def faces() -> tuple[Picture, ...]:
    """Of the film, 176 × 144, some apart."""
    with av.open(str(FILM)) as container:
        found = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return tuple(np.asarray(each, np.uint8) for each in found[:: len(found) // MANY])[:MANY]


def large() -> list[Picture]:
    """The face fills a third of the picture: 704 × 576."""
    return [
        np.asarray(cv2.resize(each, (704, 576), interpolation=cv2.INTER_CUBIC), np.uint8) for each in faces()
    ]


def small() -> list[Picture]:
    """In a corner of a street of 960 × 720, as far from the camera as the film is small."""
    film = cv2.VideoCapture(str(STREET))
    there, street = film.read()
    film.release()
    assert there, f"{STREET} is missing; run `make setup`"
    street = cv2.resize(street, (960, 720))
    made = []
    for number, face in enumerate(faces()):
        picture = street.copy()
        left, top = 40 + 12 * (number % 50), 60 + 80 * (number % 6)
        picture[top : top + 144, left : left + 176] = face
        made.append(np.asarray(picture, np.uint8))
    return made


class Finder:
    """The shipped model, asked about a picture in its own size and at `scale` times that, not made smaller."""

    def __init__(self) -> None:
        self._manifest = load_manifest(MODELS / "centerface")
        self._session = Session(MODELS / "centerface" / self._manifest.file, 2)

    def found(self, picture: Picture, certainty: float, scale: int = 1) -> Detections:
        """The faces from this certainty on."""
        height, width = picture.shape[0] * scale, picture.shape[1] * scale
        asked = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
        size = {"width": width + -width % 32, "height": height + -height % 32, "lower": ()}
        made = self._manifest.model_copy(
            update={"input": self._manifest.input.model_copy(update=size), "min_certainty": certainty}
        )
        return Detector(made, self._session, _head(made)).detect(asked)


def _head(manifest: Manifest) -> Head:
    head: Head = HEADS[manifest.head]
    return head


@pytest.fixture(scope="module")
def finder() -> Finder:
    """Loaded once."""
    return Finder()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[EvidenceKeeper]:
    """Writing into a fresh folder, with the process that workers have."""
    hides = FinderProcess(MODELS)
    made = EvidenceKeeper(
        tmp_path / "evidence",
        secret="of this test",
        find=hides.find,
        clock=lambda: NOW + timedelta(minutes=1),
    )
    made.start()
    yield made
    made.stop()
    hides.close()


def stored(keeper: EvidenceKeeper, models: Models, number: int, picture: Picture) -> dict[str, Picture]:
    """The shown pictures of one piece of evidence, as they lie on the disk."""
    model = models.get("coco-ssd")
    assert model is not None
    assert model.people is not None
    seen = model.people(picture)
    frame = Frame("cam", 1.0, NOW, Pixels(picture))
    wanted = Raise(
        ref=f"e{number}", device="cam", rule="seen", at=NOW, severity="major", things=(),
        look=Look(frame, seen, (), ()), tracks=(), zone=None, model="coco-ssd", clip=lambda _a, _b: b"mp4",
        keep_packets=lambda _a, _b: None,
    )  # fmt: skip
    keeper.keep(wanted)

    def there() -> bool:
        try:
            keeper.folder(wanted.ref)
        except EvidencePending:
            return False
        return True

    wait_until(there, within=30, what="the pictures")
    found = {}
    for name in ("shown.jpg", "shown-boxes.jpg"):
        image = cv2.imread(str(keeper.folder(wanted.ref) / name))
        assert image is not None
        found[name] = np.asarray(image, np.uint8)
    return found


@pytest.mark.parametrize("size", ["large", "small"])
def test_no_face_is_left_in_stored_pictures(size: str, finder: Finder, keeper: EvidenceKeeper) -> None:
    """Thirty pictures with a face each; none is found in what was stored, at its size and at twice that."""
    models = Models(MODELS)
    models.keep(["coco-ssd"])
    before, left = 0, []
    for number, picture in enumerate(large() if size == "large" else small()):
        before += len(finder.found(picture, SURE)) > 0
        for name, image in stored(keeper, models, number, picture).items():
            scales = (1, 2) if name == "shown.jpg" else (1,)
            left += [(number, name, scale) for scale in scales if len(finder.found(image, LEFT, scale))]
    assert before == MANY
    assert left == []


def test_a_face_is_hidden_where_no_person_is_found(finder: Finder, keeper: EvidenceKeeper) -> None:
    """Behind a counter there is no body to find: the face alone is enough, and the rest of the picture stays."""
    picture = small()[7]
    seen = Detections.none(("person",))
    frame = Frame("cam", 1.0, NOW, Pixels(picture))
    wanted = Raise(
        ref="behind", device="cam", rule="seen", at=NOW, severity="major", things=(), tracks=(), zone=None,
        look=Look(frame, seen, (), ()), model="coco-ssd", clip=lambda _a, _b: b"mp4",
        keep_packets=lambda _a, _b: None,
    )  # fmt: skip
    keeper.keep(wanted)
    wait_until(lambda: keeper.waiting() > 0, within=30, what="the pictures")
    image = np.asarray(cv2.imread(str(keeper.folder("behind") / "shown.jpg")), np.uint8)
    assert len(finder.found(picture, SURE)) > 0
    assert len(finder.found(image, LEFT)) == 0
    changed = (cv2.absdiff(picture, image).max(axis=2) > 40).mean()
    assert changed < 0.05


@lru_cache(maxsize=1)
def clip() -> bytes:
    """The film, large, 25 pictures a second, as a worker remuxes it."""
    command = [
        "ffmpeg", "-v", "error", "-r", "25", "-i", str(FILM), "-vf", "scale=704:576:flags=bicubic",
        "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-f", "mp4", "-movflags", "frag_keyframe", "-",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def test_no_face_is_left_in_the_shown_clip(finder: Finder) -> None:
    """Each second picture of the clip, those between two looks too."""
    command = [sys.executable, "-m", "hub.recoder", "--models", str(MODELS), "--model", "coco-ssd"]
    done = subprocess.run(command, input=clip(), capture_output=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert av.open(io.BytesIO(done.stdout)).streams.video[0].frames == 120
    before, left = 0, []
    for number, ((_, old), (_, new)) in enumerate(zip(pictures(clip()), pictures(done.stdout), strict=True)):
        if number % 2 == 0 and len(finder.found(np.asarray(old, np.uint8), SURE)) > 0:
            before += 1
            shown = np.asarray(new, np.uint8)
            left += [(number, scale) for scale in (1, 2) if len(finder.found(shown, LEFT, scale))]
    assert before >= 2 * MANY - 10
    assert left == []
