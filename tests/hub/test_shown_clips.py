"""Shown clips: a real original, the real recoder process, a real ledger and store."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import hub.recoder
from alerts.ledger import evidence, incidents
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.evidence import SOON
from alerts.router import apply_signals
from detectors.detector import Detector
from detectors.signal import Signal
from hub.serve import shown_clips
from hub.serve.evidence_reader import LATER, MOST, EvidenceReader
from hub.serve.evidence_store import EvidenceStore
from hub.serve.shown_clips import ShownClips
from ingest.errors import EvidenceNone, EvidencePending, HubError, NoRoom
from ingest.text import Text
from ingest.video.recode import encode, length, pictures
from tests.hub.kept import COUNTY

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SURE = 0.5


@lru_cache(maxsize=1)
def street() -> bytes:
    """3 s of pedestrians on a road, H.264 in MP4, as a worker remuxes it."""
    arguments = [
        "-t",
        "3",
        "-vf",
        "fps=25,scale=768:576",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-bf",
        "0",
    ]
    done = subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(STREET),
            *arguments,
            "-f",
            "mp4",
            "-movflags",
            "frag_keyframe",
            "-",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def recoded(clip: bytes, models: Path = ROOT / "models") -> subprocess.CompletedProcess[bytes]:
    """What the recoder process answers."""
    command = [sys.executable, "-m", "hub.recoder", "--models", str(models), "--model", "coco-ssd"]
    return subprocess.run(command, input=clip, capture_output=True, timeout=120, check=False, cwd=ROOT)


@lru_cache(maxsize=1)
def shown() -> bytes:
    """The street with its persons blurred."""
    done = recoded(street())
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_person_is_left_in_any_picture() -> None:
    """Between the looks, too: where the model is sure of a person in the original, nothing of the detail is left."""
    detector = Detector.load(ROOT / "models" / "coco-ssd")
    persons = 0
    for i, ((_, before), (_, after)) in enumerate(zip(pictures(street()), pictures(shown()), strict=True)):
        if i % 7:
            continue
        for seen in (
            detector.detect(before),
            detector.detect(after),
        ):  # a patch of colour may look like one, too
            for box, kind, sure in zip(seen.boxes, seen.classes, seen.certainty, strict=True):
                if seen.labels[kind] == "person" and sure >= SURE:
                    persons += 1
                    assert detail(after, box) < detail(before, box) / 3
    assert persons >= 20


def detail(image: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    """How much of edges there is in a box of a picture."""
    height, width = image.shape[:2]
    left, top, right, bottom = (int(part) for part in box * np.array([width, height, width, height]))
    return float(cv2.Laplacian(image[top:bottom, left:right], cv2.CV_64F).var())


def test_the_rest_of_the_picture_is_as_it_was() -> None:
    """Same size, same number and moments of pictures; what is no person can be recognised."""
    pairs = list(zip(pictures(street()), pictures(shown()), strict=True))
    assert len(pairs) == length(street()) == 75
    for (moment, before), (again, after) in pairs:
        assert abs(moment - again) < 0.002
        assert before.shape == after.shape == (576, 768, 3)
    (_, before), (_, after) = pairs[40]
    assert np.median(cv2.absdiff(before, after)) < 6


def test_a_browser_can_begin_before_the_end_and_jump() -> None:
    """The index stands before the pictures, H.264 without B-frames, a keyframe at least every 2 s."""
    clip = shown()
    assert 0 < clip.index(b"moov") < clip.index(b"mdat")
    with av.open(io.BytesIO(clip), "r") as container:
        stream = container.streams.video[0]
        assert stream.codec.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        keyframes = [
            float((packet.pts or 0) * (packet.time_base or 0))
            for packet in container.demux(stream)
            if packet.is_keyframe
        ]
    assert keyframes[0] == 0.0
    assert all(after - before <= 2.01 for before, after in pairwise([*keyframes, 3.0]))


def test_without_a_model_all_of_it_is_blurred(tmp_path: Path) -> None:
    """Nobody says where persons are, so they may be anywhere."""
    done = recoded(street(), models=tmp_path)
    assert done.returncode == 0, done.stderr
    for (_, before), (_, after) in list(zip(pictures(street()), pictures(done.stdout), strict=True))[::25]:
        assert detail(after, np.array([0, 0, 1, 1])) < detail(before, np.array([0, 0, 1, 1])) / 20


def test_large_and_odd_pictures() -> None:
    """A picture of 4K becomes 1280 wide; odd sides become even."""
    rng = np.random.default_rng(1)
    for size, wanted in (((2160, 3840), (720, 1280)), ((242, 322), (242, 322))):
        film = [(i / 5, rng.integers(0, 255, (*size, 3), np.uint8)) for i in range(2)]
        assert {image.shape[:2] for _, image in pictures(encode(film, 2))} == {wanted}


@pytest.mark.parametrize("clip", [b"", b"nonsense" * 1000, None], ids=["empty", "nonsense", "cut"])
def test_what_cannot_be_decoded_says_so(clip: bytes | None) -> None:
    """The exit code that means: never; and one line."""
    done = recoded(street()[:900] if clip is None else clip)
    assert done.returncode == shown_clips.HOPELESS == hub.recoder.HOPELESS
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


class World:
    """A ledger with incidents, a store, the reader that the API asks and the task that makes clips."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=lambda: NOW)
        self.store = EvidenceStore(folder / "evidence", "a secret that is long enough for a test")
        self.reader = EvidenceReader(self.ledger, self.store, clock=lambda: NOW)
        self.told: list[str] = []
        self.room = True
        self.n = 0

    def clips(self) -> ShownClips:
        """The task."""
        return ShownClips(
            self.ledger,
            self.store,
            models=ROOT / "models",
            model_of=lambda _incident: "coco-ssd",
            room=lambda _bytes: self.room,
            clock=lambda: NOW,
            told=lambda _conn, incident: self.told.append(incident),
        )

    def once(self) -> bool:
        """One clip."""
        return asyncio.run(self.clips().once())

    def incident(self, original: bytes | None) -> str:
        """A new one, with its original if there is one."""
        self.n += 1
        condition = f"seen-{self.n}"
        signal = Signal(
            f"s{self.n}", condition, "presence", condition, "k1", "k1-cam", "active", NOW, NOW,
            "minor", 1.0, None, 0.9, 1, self.n, None, Text("名", "name"),
        )  # fmt: skip
        self.write(lambda conn: apply_signals(conn, [signal], directory=COUNTY, now=NOW, origin="w1"))
        with self.ledger.read() as conn:
            found = incidents.open_at(conn, "k1", condition)
        assert found is not None
        key = found.incident.id
        self.write(lambda conn: evidence.expect(conn, key, ref=key, worker="w1", now=NOW))
        if original is not None:
            digest = self.store.put(key, "original.mp4", original)
            self.write(
                lambda conn: evidence.set_ready(
                    conn, key, "original.mp4", path=key, sha256=digest, size=len(original), now=NOW
                )
            )
        return key

    def write(self, act: object) -> None:
        """Commit."""
        self.ledger.write(act).result(10)  # type: ignore[arg-type] # whatever it answers is not looked at

    def asked(self) -> list[str]:
        """What is to be made."""
        with self.ledger.read() as conn:
            return evidence.asked_clips(conn)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh one."""
    made = World(tmp_path)
    yield made
    made.ledger.close()


def test_made_when_first_opened_and_kept(world: World) -> None:
    """Pending at the first opening, asked for once however many open it, then the same bytes for everybody."""
    key = world.incident(street())
    for _ in range(3):
        with pytest.raises(EvidencePending):
            world.reader.read(key, "shown.mp4")
    assert world.asked() == [key]
    with world.ledger.read() as conn:
        fetched = {each.name for each in evidence.pending(conn)}
    assert fetched == {"shown-boxes.jpg", "shown.jpg"}, "what serve makes is asked of no worker"
    assert world.once()
    assert world.told == [key]
    clip = world.reader.read(key, "shown.mp4")
    assert len(list(pictures(clip))) == 75
    with world.ledger.read() as conn:
        found = evidence.shown(conn, [key])[key]
    assert found["clip"] == "ready"
    assert set(found["sha256"]) == {"original.mp4", "shown.mp4"}  # type: ignore[call-overload] # a dict
    assert not world.once(), "nothing more to do"


def test_what_never_comes_is_said(world: World) -> None:
    """Without an original, none; while it is on its way, pending; one that cannot be decoded: none, asked once."""
    with pytest.raises(EvidencePending):
        world.reader.read(world.incident(None), "shown.mp4")
    with pytest.raises(EvidenceNone):
        world.reader.read("01NOBODY", "shown.mp4")
    assert not world.asked()
    broken = world.incident(b"no video at all")
    with pytest.raises(EvidencePending):
        world.reader.read(broken, "shown.mp4")
    assert world.once()
    for _ in range(2):
        with pytest.raises(EvidenceNone):
            world.reader.read(broken, "shown.mp4")
    assert not world.asked()


def test_a_changed_original_is_tried_twice_and_given_up(world: World) -> None:
    """An error that may pass is tried again when somebody opens the clip again, but not for ever."""
    key = world.incident(street())
    path = world.store.folder / key / "original.mp4.sealed"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    clips = world.clips()
    for _ in range(shown_clips.TRIES):
        with pytest.raises(EvidencePending):
            world.reader.read(key, "shown.mp4")
        with pytest.raises(HubError, match="changed"):
            asyncio.run(clips.once())
    with pytest.raises(EvidenceNone):
        world.reader.read(key, "shown.mp4")


def test_no_room_is_no_verdict(world: World) -> None:
    """On a full disk the clip is not made now; opened again later, it is asked for again."""
    key = world.incident(encode([(0.0, np.zeros((64, 64, 3), np.uint8))], 1))
    clips, world.room = world.clips(), False
    for _ in range(shown_clips.TRIES):
        with pytest.raises(EvidencePending):
            world.reader.read(key, "shown.mp4")
        with pytest.raises(NoRoom):
            asyncio.run(clips.once())
    world.room = True
    with pytest.raises(EvidencePending):
        world.reader.read(key, "shown.mp4")
    assert asyncio.run(clips.once())
    assert world.reader.read(key, "shown.mp4")


def test_asked_for_at_most_so_many(world: World) -> None:
    """Whoever comes when the list is full is told to come later, and is not written down."""
    keys = [world.incident(b"a clip") for _ in range(MOST + 1)]
    waits = []
    for key in keys:
        with pytest.raises(EvidencePending) as told:
            world.reader.read(key, "shown.mp4")
        waits.append(told.value.retry_after)
    assert (waits[0], waits[-1]) == (SOON, LATER)
    assert world.asked() == keys[:MOST]


def test_ended_in_the_middle_it_is_still_asked_for(world: World) -> None:
    """The hub stops while a clip is made: the recoder ends with it, and the next start goes on."""

    async def stopped() -> None:
        task = asyncio.create_task(world.clips().once())
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    key = world.incident(street())
    with pytest.raises(EvidencePending):
        world.reader.read(key, "shown.mp4")
    asyncio.run(stopped())
    assert world.asked() == [key]

    def forget(conn: Connection) -> None:
        evidence.unask_clip(conn, key)

    world.write(forget)
    assert not world.asked()
