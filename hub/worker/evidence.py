"""Evidence: pictures and the camera's own packets around a raise, kept until `serve` has copied them.

    DATA/evidence/<ref>/shown.jpg         persons blurred
    DATA/evidence/<ref>/shown-boxes.jpg   the same with the boxes and the zone drawn
    DATA/evidence/<ref>/original.mp4.sealed  5 s before to 5 s after, remuxed; written after the post-roll
    DATA/evidence/<ref>/meta.json         {ref, device, rule, at, snapshot, clip: pending|ready|none, sha256,
                                         severity, aspect, things: [{label, box, first_box}]}

Every file appears whole; meta.json is rewritten after each, so what it names is there. The original is sealed under
the worker token (hub/seal.py) and never lies on the disk as it is. A disk without room costs evidence, oldest first,
and nothing else: signals wait on the same disk and come first.
"""

from __future__ import annotations

import errno
import hashlib
import heapq
import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.blur import blur_persons
from detectors.damping import Thing
from detectors.draw import draw_boxes
from detectors.signal import Severity
from detectors.track import Track
from detectors.zones import Polygon
from hub import seal
from hub.worker.people import NO_PICTURE, PERSON, Box, Hidden, boxes_of
from hub.worker.watch import Look
from ingest.errors import EvidenceNone, EvidencePending, HubError
from ingest.instant import format_instant

log = logging.getLogger(__name__)

BEFORE = timedelta(seconds=5)
AFTER = timedelta(seconds=5)
"""What is promised, in what the camera saw."""
WIDER = timedelta(seconds=1)
"""Asked for beyond the post-roll: a slow camera's last picture lies up to a second before the end of what was asked."""
SETTLE = timedelta(milliseconds=500)
"""After that, so that its last packets have arrived."""
PATIENCE = timedelta(seconds=45)
"""From a raise on: for so long its packets wait for a thread that gives way to cameras."""
MAX_BYTES = 500_000_000
RESERVE = 64_000_000
"""Bytes of the worker's disk that evidence leaves free, for the signals that wait for the broker."""
MAX_AGE = timedelta(days=1)
"""Evidence that nobody fetched for so long is of a signal that joined an incident with evidence of its own."""
JPEG_QUALITY = 85
Find = Callable[[NDArray[np.uint8], str | None, Sequence[Box]], Hidden]
"""What is to be hidden in a picture, with the camera's model, and with persons in it that are known already."""
META = "meta.json"
ORIGINAL = "original.mp4"
SEALED = ORIGINAL + ".sealed"


@dataclass(frozen=True, slots=True)
class Raise:
    """What is to be kept of one raise.

    Attributes:
        ref: Name of the folder.
        device: Registry id of the camera.
        rule: Registry id of the rule.
        at: When it was raised (UTC).
        severity: Of the rule.
        things: Of what decided, what dampings are made of.
        look: The newest analysed frame.
        tracks: What decided; drawn as boxes.
        zone: Of the rule, drawn too; None for the whole picture.
        model: That the camera is watched with.
        clip: MP4 of the packets between two moments; raises EvidenceNone.
        keep_packets: Lets none of the packets go that came between two moments, before the second is there.
    """

    ref: str
    device: str
    rule: str
    at: datetime
    severity: Severity
    things: tuple[Thing, ...]
    look: Look
    tracks: tuple[Track, ...]
    zone: Polygon | None
    model: str | None
    clip: Callable[[datetime, datetime], bytes]
    keep_packets: Callable[[datetime, datetime], None]

    @property
    def begins(self) -> datetime:
        """Where its clip begins; a busy worker looks at what was a moment ago."""
        return min(self.at, self.look.frame.at) - BEFORE


@dataclass(order=True, slots=True)
class _Job:
    due: datetime
    n: int
    act: Callable[[], object] = field(compare=False)


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """A JPEG without metadata."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the picture cannot be written as JPEG")
    return data.tobytes()


class EvidenceKeeper:
    """Writes evidence in its own thread and answers what is there."""

    def __init__(
        self,
        folder: Path,
        *,
        secret: str,
        find: Find,
        clock: Callable[[], datetime],
        max_bytes: int = MAX_BYTES,
        reserve: int = RESERVE,
    ) -> None:
        self._folder = folder
        self._key = seal.key_of(secret, "evidence of a worker")
        self._find = find
        self._clock = clock
        self._max_bytes = max_bytes
        self._reserve = reserve
        self._jobs: list[_Job] = []
        self._count = 0
        self._changed = threading.Condition()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
        self._writing: set[str] = set()
        self._prepared: set[str] = set()
        self.errors = 0
        self.pushed_out = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._give_up_clips()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Write the pictures that wait and end; clips whose post-roll is not over are given up."""
        with self._changed:
            self._stop = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def prepare(self, models: Iterable[str]) -> None:
        """Cameras with rules are watched with these: a picture may be wanted soon. Returns at once."""
        for name in sorted(set(models) - self._prepared):
            self._prepared.add(name)
            self._later(self._clock(), partial(self._find, NO_PICTURE, name, ()))

    def keep(self, wanted: Raise) -> None:
        """Write the pictures as soon as possible and the clip after the post-roll; returns at once."""
        wanted.keep_packets(wanted.begins, wanted.at + PATIENCE)
        with self._changed:
            self._writing.add(wanted.ref)
        self._later(wanted.at, lambda: self._pictures(wanted))
        self._later(wanted.at + AFTER + WIDER + SETTLE, lambda: self._clip(wanted))

    def folder(self, ref: str) -> Path:
        """Where the evidence is; EvidencePending before its pictures are written, EvidenceNone without any."""
        path = self._folder / ref
        with (
            self._changed
        ):  # asked before the disk: a reference leaves `writing` only after its file is there
            writing = ref in self._writing
        if (path / META).is_file():
            return path
        if writing:
            raise EvidencePending("the evidence is being written", retry_after=1, where=ref)
        raise EvidenceNone("no such evidence here", where=ref)

    def read(self, ref: str, name: str) -> bytes:
        """One file, the original as it was; EvidencePending before its pictures are written, EvidenceNone."""
        path = self.folder(ref)
        try:
            if name == ORIGINAL:
                return seal.unseal(self._key, f"{ref}/{ORIGINAL}", (path / SEALED).read_bytes())
            return (path / name).read_bytes()
        except FileNotFoundError:
            raise EvidenceNone(f"no {name} in this evidence", where=ref) from None

    def forget(self, ref: str) -> None:
        """Delete it; twice is fine."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder / ref)

    def waiting(self) -> int:
        """Pieces of evidence on the disk."""
        return sum(1 for path in self._folder.iterdir() if path.is_dir())

    # -- the thread ------------------------------------------------------------------------------------

    def _later(self, due: datetime, act: Callable[[], object]) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._jobs, _Job(due, self._count, act))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                now = self._clock()
                if not self._jobs or self._jobs[0].due > now:
                    if self._stop:
                        return
                    wait = (self._jobs[0].due - now).total_seconds() if self._jobs else 1.0
                    self._changed.wait(min(max(wait, 0.01), 1.0))
                    continue
                job = heapq.heappop(self._jobs)
            try:
                job.act()
            except Exception:  # one piece of evidence must not end the others; counted and shown
                self.errors += 1
                log.exception("evidence could not be written")

    def _pictures(self, wanted: Raise) -> None:
        meta: dict[str, object] = {
            "ref": wanted.ref,
            "device": wanted.device,
            "rule": wanted.rule,
            "at": format_instant(wanted.at),
            "frame_at": format_instant(wanted.look.frame.at),
            "severity": wanted.severity,
            "aspect": wanted.look.frame.raster.width / wanted.look.frame.raster.height,
            "things": [asdict(each) for each in wanted.things],
            "snapshot": "none",
            "clip": "pending",
            "sha256": {},
        }
        path = self._folder / wanted.ref
        try:
            try:
                shown, drawn = _shown(wanted, self._find)
            except Exception as wrong:  # the clip may still be had; the reason stands in meta.json
                self.errors += 1
                log.exception("%s: the picture of %s could not be made", wanted.device, wanted.rule)
                meta["reason"] = f"{type(wrong).__name__}: {wrong}"[:300]
            else:
                self._bound(len(shown) + len(drawn))
                path.mkdir(parents=True, exist_ok=True)
                meta["sha256"] = {
                    "shown.jpg": _write(path / "shown.jpg", shown),
                    "shown-boxes.jpg": _write(path / "shown-boxes.jpg", drawn),
                }
                meta["snapshot"] = "ready"
            path.mkdir(parents=True, exist_ok=True)
            _write_meta(path, meta)
        except OSError as wrong:
            self._lose(wanted, wrong)
        finally:
            with self._changed:
                self._writing.discard(wanted.ref)

    def _clip(self, wanted: Raise) -> None:
        path = self._folder / wanted.ref
        meta = _read_meta(path)
        if meta is None:  # forgotten or pushed out in the meantime
            return
        try:
            content = wanted.clip(wanted.begins, wanted.at + AFTER + WIDER)
            self._bound(len(content), but=path)
            _write(path / SEALED, b"".join(seal.seal(self._key, f"{wanted.ref}/{ORIGINAL}", content)))
            digests = cast("dict[str, str]", meta["sha256"])
            meta["sha256"] = {**digests, ORIGINAL: hashlib.sha256(content).hexdigest()}
            meta["clip"] = "ready"
        except (HubError, OSError) as wrong:
            self.errors += isinstance(wrong, OSError)
            meta["clip"], meta["reason"] = "none", str(wrong)
            log.warning("%s: no clip for %s: %s", wanted.device, wanted.rule, wrong)
        try:
            _write_meta(path, meta)
        except OSError as wrong:
            self._lose(wanted, wrong)

    def _lose(self, wanted: Raise, wrong: OSError) -> None:
        """What cannot be said to be there is taken away: then `serve` learns at once that nothing comes."""
        self.errors += 1
        log.warning("%s: no evidence for %s: %s", wanted.device, wanted.rule, wrong)
        shutil.rmtree(self._folder / wanted.ref, ignore_errors=True)

    def _give_up_clips(self) -> None:
        """After a restart the packets are gone: clips that were pending never come."""
        for path in self._folder.iterdir():
            meta = _read_meta(path)
            if meta is None:
                shutil.rmtree(path, ignore_errors=True)
                continue
            with suppress(OSError):  # a full disk: it stands as pending, and `serve` gives it up by itself
                if (path / ORIGINAL).exists():  # of an older version, which did not seal
                    content = (path / ORIGINAL).read_bytes()
                    _write(path / SEALED, b"".join(seal.seal(self._key, f"{path.name}/{ORIGINAL}", content)))
                    (path / ORIGINAL).unlink()
                if meta["clip"] == "pending":
                    _write_meta(path, {**meta, "clip": "none", "reason": "the worker was restarted"})

    def _bound(self, more: int, *, but: Path | None = None) -> None:
        """Let go of what is too old, and push out the oldest until `more` bytes fit (counted); never `but`.

        Raises OSError (no space) when they would not fit even then; then nothing is pushed out.
        """
        found = sorted(
            (path.stat().st_mtime, sum(file.stat().st_size for file in path.iterdir()), path)
            for path in self._folder.iterdir()
            if path.is_dir()
        )
        total = more + sum(size for _, size, _ in found)
        others = [each for each in found if each[2] != but]
        most = sum(size for _, size, _ in others)
        if (
            shutil.disk_usage(self._folder).free + most - more < self._reserve
            or total - most > self._max_bytes
        ):
            raise OSError(errno.ENOSPC, "the worker's disk has no room for evidence")
        oldest = (self._clock() - MAX_AGE).timestamp()
        for changed, size, path in others:
            fits = shutil.disk_usage(self._folder).free - more >= self._reserve
            if total <= self._max_bytes and fits and changed >= oldest:
                break
            shutil.rmtree(path, ignore_errors=True)
            total -= size
            if changed < oldest:
                continue
            self.pushed_out += 1
            log.warning("evidence %s was pushed out before it was copied", path.name)


def _shown(wanted: Raise, find: Find) -> tuple[bytes, bytes]:
    """The two pictures, persons blurred: plain, and with boxes and zone."""
    image, look = wanted.look.frame.image, wanted.look
    followed = [track.box for track in (*look.tracks, *wanted.tracks) if track.label == PERSON]
    shown = blur_persons(
        image, *find(image, wanted.model, [*boxes_of(look.found), *look.expected, *followed])
    )
    return jpeg(shown), jpeg(draw_boxes(shown, wanted.tracks, wanted.zone))


def _write(path: Path, content: bytes) -> str:
    """The file, whole or not at all; its sha256."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    return hashlib.sha256(content).hexdigest()


def _write_meta(path: Path, meta: dict[str, object]) -> None:
    _write(path / META, json.dumps(meta, ensure_ascii=False).encode())


def _read_meta(path: Path) -> dict[str, object] | None:
    try:
        return cast("dict[str, object]", json.loads((path / META).read_bytes()))
    except (OSError, ValueError):
        return None
