"""EvidenceKeeper: pictures at once, the clip after the post-roll, all whole, digested and bounded."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.damping import Thing
from detectors.detections import Detections
from detectors.track import Track
from hub.worker.evidence import AFTER, BEFORE, META, SETTLE, WIDER, EvidenceKeeper, Raise
from hub.worker.people import Box, Detect, Hidden, find
from hub.worker.watch import Look
from ingest.errors import EvidenceNone, EvidencePending
from ingest.frame import Frame
from ingest.packet import Packet
from ingest.raster import Pixels
from ingest.video.ring import Ring
from tests.servers.disk import SmallDisk
from tests.servers.wait import wait_until

START = datetime.now(UTC)  # the age of files is real
SECRET = "the worker token of this test"
PERSON = (0.3, 0.2, 0.5, 0.9)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At START."""
    return Clock()


class Finding:
    """What finds persons: a model that a test chooses, in this process."""

    def __init__(self) -> None:
        self.detect: Detect | None = lambda _: Detections.none(("person",))
        self.known: Sequence[Box] = ()

    def __call__(self, image: NDArray[np.uint8], model: str | None, known: Sequence[Box]) -> Hidden:
        assert model == "coco-ssd"
        self.known = known
        return find(image, self.detect, known=known)


@pytest.fixture
def finding() -> Finding:
    """Nobody but who is known."""
    return Finding()


@pytest.fixture
def keeper(tmp_path: Path, clock: Clock, finding: Finding) -> Iterator[EvidenceKeeper]:
    """Writing into a fresh folder."""
    made = EvidenceKeeper(tmp_path / "evidence", secret=SECRET, find=finding, clock=clock)
    made.start()
    yield made
    made.stop()


def noise() -> NDArray[np.uint8]:
    """A picture in which every pixel differs from its neighbours."""
    return np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)


def wanted(
    ref: str = "r1",
    *,
    clip: Callable[[datetime, datetime], bytes] = lambda _a, _b: b"mp4",
    keep_packets: Callable[[datetime, datetime], None] = lambda _a, _b: None,
    image: NDArray[np.uint8] | None = None,
) -> Raise:
    found = Detections(
        np.array([PERSON], np.float32), np.array([0.2], np.float32), np.array([0]), ("person",)
    )
    frame = Frame("cam", 1.0, START, Pixels(noise() if image is None else image))
    return Raise(
        ref=ref,
        device="cam",
        rule="seen",
        at=START,
        severity="major",
        things=(Thing("person", PERSON),),
        look=Look(frame, found, (), ()),
        tracks=(Track(1, "person", PERSON, 0.9, START, START),),
        zone=((0.0, 0.1), (1.0, 0.1), (1.0, 1.0), (0.0, 1.0)),
        model="coco-ssd",
        clip=clip,
        keep_packets=keep_packets,
    )


def picture(path: Path) -> NDArray[np.uint8]:
    """The JPEG at `path`."""
    image = cv2.imread(str(path))
    assert image is not None
    return cast("NDArray[np.uint8]", image)


def meta(path: Path) -> dict[str, object]:
    return cast("dict[str, object]", json.loads((path / META).read_text()))


def pictures(keeper: EvidenceKeeper, ref: str) -> Path:
    """The folder, once its pictures are there."""

    def there() -> bool:
        try:
            keeper.folder(ref)
        except EvidencePending:
            return False
        return True

    wait_until(there, within=10, what="pictures")
    return keeper.folder(ref)


def test_pictures_first_then_the_clip(keeper: EvidenceKeeper, clock: Clock) -> None:
    """Pending, pictures, and after the post-roll a clip of 5 s before to 5 s after; each with its sha256."""
    asked: list[tuple[datetime, datetime]] = []

    def clip(start: datetime, end: datetime) -> bytes:
        asked.append((start, end))
        return b"the camera's own bits"

    keeper.keep(wanted(clip=clip))
    path = pictures(keeper, "r1")
    early = meta(path)
    assert (early["snapshot"], early["clip"]) == ("ready", "pending")
    assert not asked
    clock.now = START + AFTER + WIDER + SETTLE
    wait_until(lambda: meta(path)["clip"] == "ready", within=10, what="the clip")
    assert asked == [(START - BEFORE, START + AFTER + WIDER)]
    digests = cast("dict[str, str]", meta(path)["sha256"])
    assert set(digests) == {"shown.jpg", "shown-boxes.jpg", "original.mp4"}
    for name, digest in digests.items():
        assert hashlib.sha256(keeper.read("r1", name)).hexdigest() == digest
    assert keeper.read("r1", "original.mp4") == b"the camera's own bits"
    assert all(b"own bits" not in each.read_bytes() for each in path.iterdir())


def test_a_late_thread_finds_the_whole_pre_roll(keeper: EvidenceKeeper, clock: Clock) -> None:
    """Half a minute after the raise, on a machine that is busy with its cameras, a ring of 15 s still has it all."""
    ring = Ring(15.0)

    def film(first: int, last: int) -> None:
        for second in range(first, last):
            ring.add(Packet(b"", second, second, 1.0, second % 2 == 0, START + timedelta(seconds=second)))

    film(-30, 1)
    clips: list[tuple[Packet, ...]] = []

    def clip(start: datetime, end: datetime) -> bytes:
        clips.append(ring.window(start, end))
        return b"mp4"

    keeper.keep(wanted(clip=clip, keep_packets=ring.keep))
    film(1, 31)
    clock.now = START + timedelta(seconds=30)
    wait_until(lambda: len(clips) == 1, within=10, what="the clip")
    assert [packet.pts for packet in clips[0]] == list(range(-6, 7))
    film(31, 61)
    assert ring.window(START, clock.now + timedelta(seconds=60))[0].pts == 60 - 16, (
        "later nothing more is kept"
    )


def test_the_shown_picture_hides_the_person_and_nothing_else(keeper: EvidenceKeeper) -> None:
    """Within the box nothing of the noise is left; outside it is (nearly) as it was."""
    keeper.keep(wanted())
    path = pictures(keeper, "r1")
    shown = picture(path / "shown.jpg")
    drawn = picture(path / "shown-boxes.jpg")
    inside, outside = shown[50:170, 95:145], shown[:, 200:]
    assert inside.std() < outside.std() / 2
    assert (cv2.absdiff(shown, drawn) > 40).sum() > 500  # the box, its label and the zone
    assert cv2.absdiff(shown, drawn)[60:150, 110:130].max() < 60  # what the box frames stays hidden


def test_what_is_followed_is_hidden_even_when_unseen(keeper: EvidenceKeeper, finding: Finding) -> None:
    """Who decided, who is followed beside, and where one should be who was not seen; a car is not hidden."""
    raised = wanted()
    person = Track(2, "person", (0.1, 0.1, 0.2, 0.2), 0.9, START, START)
    car = Track(3, "car", (0.5, 0.5, 0.6, 0.6), 0.9, START, START)
    look = replace(raised.look, tracks=(person, car), expected=((0.6, 0.6, 0.7, 0.7),))
    keeper.keep(replace(raised, look=look))
    pictures(keeper, "r1")
    found = {tuple(round(each, 3) for each in box) for box in finding.known}
    assert found == {PERSON, person.box, (0.6, 0.6, 0.7, 0.7)}


def test_without_a_model_that_knows_persons_all_is_hidden(keeper: EvidenceKeeper, finding: Finding) -> None:
    """The whole picture is blurred."""
    finding.detect = None
    keeper.keep(wanted())
    shown = picture(pictures(keeper, "r1") / "shown.jpg")
    assert shown.std() < noise().std() / 2


def test_no_clip_is_said_with_its_reason(keeper: EvidenceKeeper, clock: Clock) -> None:
    """The ring no longer has it: clip none, the pictures stay."""

    def clip(_start: datetime, _end: datetime) -> bytes:
        raise EvidenceNone("nothing of that time is kept", where="cam")

    keeper.keep(wanted(clip=clip))
    path = pictures(keeper, "r1")
    clock.now = START + timedelta(minutes=1)
    wait_until(lambda: meta(path)["clip"] == "none", within=10, what="the end of waiting")
    assert "nothing of that time" in str(meta(path)["reason"])
    assert (path / "shown.jpg").exists()


def test_a_picture_that_cannot_be_made_does_not_cost_the_clip(
    keeper: EvidenceKeeper, clock: Clock, finding: Finding
) -> None:
    """A model that breaks while it looks: snapshot none with the reason, clip ready, keeper alive."""

    def broken(_image: NDArray[np.uint8]) -> Detections:
        raise RuntimeError("the model broke")

    finding.detect = broken
    keeper.keep(wanted())
    path = pictures(keeper, "r1")
    assert meta(path)["snapshot"] == "none"
    assert not (path / "shown.jpg").exists()
    clock.now = START + timedelta(minutes=1)
    wait_until(lambda: meta(path)["clip"] == "ready", within=10, what="the clip")
    assert keeper.errors == 1


def test_pending_unknown_and_forgotten(keeper: EvidenceKeeper, finding: Finding) -> None:
    """While it is written: pending; never heard of: none; deleted twice: none, without complaint."""
    gate = threading.Event()

    def slow(_image: NDArray[np.uint8]) -> Detections:
        gate.wait(10)
        return Detections.none(("person",))

    finding.detect = slow
    keeper.keep(wanted())
    with pytest.raises(EvidencePending):
        keeper.folder("r1")
    gate.set()
    pictures(keeper, "r1")
    keeper.forget("r1")
    keeper.forget("r1")
    for ref in ("r1", "r2"):
        with pytest.raises(EvidenceNone):
            keeper.folder(ref)


def test_after_a_restart_pending_clips_never_come(tmp_path: Path, clock: Clock) -> None:
    """The packets went with the process: what was pending is none; half-written folders are cleared away."""
    first = EvidenceKeeper(tmp_path / "e", secret=SECRET, find=Finding(), clock=clock)
    first.start()
    first.keep(wanted())
    pictures(first, "r1")
    first.stop()
    (tmp_path / "e" / "half").mkdir()
    (tmp_path / "e" / "half" / "shown.jpg.new").write_bytes(b"x")
    second = EvidenceKeeper(tmp_path / "e", secret=SECRET, find=Finding(), clock=clock)
    assert meta(second.folder("r1"))["clip"] == "none"
    assert "restarted" in str(meta(second.folder("r1"))["reason"])
    assert second.waiting() == 1


def test_an_original_of_an_older_version_is_sealed(tmp_path: Path, clock: Clock) -> None:
    """What lies there unsealed when the worker starts is sealed then, and is still the same."""
    folder = tmp_path / "e" / "r1"
    folder.mkdir(parents=True)
    (folder / "original.mp4").write_bytes(b"the camera's own bits")
    (folder / META).write_text(json.dumps({"clip": "ready", "sha256": {}}))
    keeper = EvidenceKeeper(tmp_path / "e", secret=SECRET, find=Finding(), clock=clock)
    assert not (folder / "original.mp4").exists()
    assert keeper.read("r1", "original.mp4") == b"the camera's own bits"


def test_a_full_disk_costs_evidence_and_nothing_else(small_disk: SmallDisk) -> None:
    """The oldest is pushed out for the newest; with no room at all nothing comes, at once; with room again it does."""
    room = small_disk(1_000_000)
    keeper = EvidenceKeeper(
        room, secret=SECRET, find=Finding(), clock=lambda: datetime.now(UTC), reserve=400_000
    )
    keeper.start()
    try:
        for i in range(12):
            keeper.keep(wanted(f"r{i}"))
            pictures(keeper, f"r{i}")
        assert keeper.pushed_out >= 2
        assert keeper.errors == 0
        for i in range(12):
            keeper.forget(f"r{i}")
        (room / "somebody-else").write_bytes(b"x" * shutil.disk_usage(room).free)
        keeper.keep(wanted("full"))
        wait_until(lambda: keeper.errors == 1, within=10, what="the picture that does not fit")
        with pytest.raises(EvidenceNone):
            pictures(keeper, "full")
        (room / "somebody-else").unlink()
        keeper.keep(wanted("after"))
        pictures(keeper, "after")
    finally:
        keeper.stop()


def test_the_folder_is_bounded(tmp_path: Path) -> None:
    """The oldest is pushed out and counted when nobody fetches; the newest always stays."""
    keeper = EvidenceKeeper(
        tmp_path / "e", secret=SECRET, find=Finding(), clock=lambda: datetime.now(UTC), max_bytes=100_000
    )
    keeper.start()
    try:
        for i in range(5):
            keeper.keep(wanted(f"r{i}"))
            pictures(keeper, f"r{i}")
        wait_until(lambda: keeper.pushed_out >= 2, within=10, what="pushed out")
        size = sum(file.stat().st_size for file in (tmp_path / "e").rglob("*") if file.is_file())
        assert size <= 100_000 + 60_000
        keeper.folder("r4")
        with pytest.raises(EvidenceNone):
            keeper.folder("r0")
    finally:
        keeper.stop()
