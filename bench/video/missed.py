"""`python -m bench.video.missed`: whether a gated camera misses anything that a fully decoded one sees.

Every film of `walks` is shown twice, packet by packet in its own time, to the same model, tracker and rule
(presence of a person, 1 s to raise, 2 s to clear): once with every picture decoded and no gate code (reference),
once through the hub's own Camera, Slots and Watch. For each condition of the reference that lasts longer than a
GOP there must be one of the gate's that starts within a GOP of it, and the gate's must each lie at one of the
reference's. Pictures are counted as they come out of FFmpeg's decoders. Needs `make setup`; exits 1 when something
was missed or made up, or when a film proves nothing because the reference saw nobody in it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import av
from av.bitstream import BitStreamFilterContext

from bench.video import page
from bench.video.films import FPS, ROOT, Coding
from bench.video.walks import Walk, coded, walks
from detectors.detections import Detections
from detectors.detector import Detector
from hub.cores import cores
from hub.worker.assignment import CameraTask
from hub.worker.models import LOW
from hub.worker.slots import Slots
from hub.worker.watch import Verdict, Watch
from ingest.frame import Frame
from ingest.packet import Packet
from ingest.video.decode import Sampler
from ingest.video.stream import StreamInfo

GOPS = (1, 2, 10)
LOOKS = 5.0
START = datetime(2026, 11, 22, 8, tzinfo=UTC)
TICK = 1.0
RULE: dict[str, object] = {
    "id": "seen", "kind": "presence", "classes": ["person"], "raise_after": "1s", "clear_after": "2s",
}  # fmt: skip
Span = tuple[float, float]
"""Seconds of the film from which to which a condition held."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One film, coded in one way, seen both ways.

    Attributes:
        seconds: Its length.
        known: Conditions of the reference.
        conditions: Of those, the ones that lasted longer than a GOP.
        missed: Of those, without a condition of the gate that starts within a GOP.
        extra: Conditions of the gate that lie at none of the reference.
        late: The largest distance of two starts, in seconds.
        decoded: Pictures that the gate decoded, as a share of the reference's.
        quiet: Share of the film in which the gate was quiet.
        cpu: Processor time of the gate's side without inference, as a share of the film's length.
    """

    film: str
    gop: int
    coding: Coding
    seconds: float
    known: int
    conditions: int
    missed: int
    extra: int
    late: float
    decoded: float
    quiet: float
    cpu: float

    @property
    def holds(self) -> bool:
        """Nothing missed, nothing made up, and something to be seen at all."""
        return self.known > 0 and not self.missed and not self.extra

    def row(self) -> str:
        """For the table."""
        return (
            f"| {self.film} | {self.gop} s | {self.coding} | {self.conditions} | {self.missed} | {self.extra} "
            f"| {self.late:.1f} s | {self.quiet:.0%} | {self.decoded:.0%} |"
        )


HEAD = (
    "| film | GOP | coding | conditions | missed | extra | starts apart at most | quiet | pictures decoded |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def packets(path: Path) -> tuple[StreamInfo, list[Packet]]:
    """The film as a camera sends it: parameter sets with every keyframe, arriving at its own pace."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        tick = float(video.time_base or 1 / 90_000)
        annexb = BitStreamFilterContext("h264_mp4toannexb", video)
        found = [
            Packet(
                bytes(raw),
                raw.pts or 0,
                raw.dts or 0,
                tick,
                raw.is_keyframe,
                START + timedelta(seconds=(raw.dts or 0) * tick),
            )
            for each in container.demux(video)
            if each.size
            for raw in annexb.filter(each)
        ]
        return StreamInfo("h264", video.width, video.height, tick, b""), found


class Viewer:
    """Model, tracker and rule, the same for both ways; remembers what its verdicts said."""

    def __init__(
        self, detector: Detector, walk: Walk, slots: Slots | None, clock: Callable[[], datetime]
    ) -> None:
        task = CameraTask.model_validate(
            {
                "device": "cam",
                "site": "site",
                "url": "rtsp://127.0.0.1/",
                "fps": LOOKS,
                "model": "coco-ssd",
                "rules": [RULE],
            }
        )
        self.watch = Watch(task, on_frame=slots.put if slots else lambda _: True, clock=clock)
        self._sure = detector.manifest.min_certainty
        self._detector = detector.lowered(min(LOW, self._sure))
        self._part = walk.part
        self._said: dict[datetime, datetime] = {}
        self.inference = 0.0

    def look(self, frame: Frame) -> None:
        """Through the model to the rule."""
        begun = time.process_time()
        left, top, width, height = self._part
        high, wide = frame.image.shape[:2]
        shown = frame.image[
            round(top * high) : round((top + height) * high),
            round(left * wide) : round((left + width) * wide),
        ]
        found: Detections = self._detector.detect(shown)
        self.inference += time.process_time() - begun
        self._hear(self.watch.look(frame, found, self._sure), frame.at)

    def tick(self, now: datetime) -> None:
        """As once a second."""
        self._hear(self.watch.tick(now, None), now)

    def _hear(self, verdicts: list[Verdict], now: datetime) -> None:
        for verdict in verdicts:
            if verdict.level.state == "active":
                self._said[verdict.level.since] = now

    def spans(self) -> list[Span]:
        """When the condition held."""
        return [
            ((since - START).total_seconds(), (last - START).total_seconds())
            for since, last in sorted(self._said.items())
        ]


def ticks(film: list[Packet]) -> Iterator[tuple[Packet, bool]]:
    """Each packet, and whether a second has passed since the latest tick."""
    due = film[0].at
    for packet in film:
        yield packet, packet.at >= due
        if packet.at >= due:
            due = packet.at + timedelta(seconds=TICK)


def reference(detector: Detector, walk: Walk, info: StreamInfo, film: list[Packet]) -> tuple[list[Span], int]:
    """Every picture decoded; (conditions, pictures)."""
    viewer = Viewer(detector, walk, None, lambda: START)
    sampler = Sampler("cam", info, LOOKS)
    for packet, tick in ticks(film):
        frame = sampler.feed(packet)
        if frame is not None:
            viewer.look(frame)
        if tick:
            viewer.tick(packet.at)
    return viewer.spans(), sampler.decoded


def gated(
    detector: Detector, walk: Walk, info: StreamInfo, film: list[Packet]
) -> tuple[list[Span], int, float, float]:
    """Through the hub's camera; (conditions, pictures, share quiet, processor seconds without inference)."""
    now = [film[0].at]
    slots = Slots(lambda: now[0])
    viewer = Viewer(detector, walk, slots, lambda: now[0])
    slots.declare("cam", "normal", LOOKS)
    camera = viewer.watch.camera
    camera.begin(info)
    quiet = 0
    begun = time.process_time()
    for packet, tick in ticks(film):
        now[0] = packet.at
        camera.take(packet)
        frame = slots.take(0)
        if frame is not None:
            viewer.look(frame)
            slots.done("cam")
        if tick:
            viewer.tick(packet.at)
        quiet += camera.health(packet.at).gate == "quiet"
    spent = time.process_time() - begun - viewer.inference
    return viewer.spans(), camera.health(now[0]).decoded, quiet / len(film), spent


def judge(true: Sequence[Span], seen: Sequence[Span], gop: float) -> tuple[int, int, int, float]:
    """(conditions longer than a GOP, missed, extra, largest distance of starts in seconds)."""
    long = [span for span in true if span[1] - span[0] > gop]
    apart = [min((abs(start - span[0]) for start, _ in seen), default=float("inf")) for span in long]
    missed = sum(distance > gop for distance in apart)
    extra = sum(
        not any(start <= last + gop and end >= since - gop for since, last in true) for start, end in seen
    )
    return len(long), missed, extra, max((each for each in apart if each <= gop), default=0.0)


def compare(detector: Detector, walk: Walk, gop: int, coding: Coding) -> Outcome:
    """One film, coded in one way."""
    info, film = packets(coded(walk, gop, coding))
    true, whole = reference(detector, walk, info, film)
    seen, decoded, quiet, spent = gated(detector, walk, info, film)
    conditions, missed, extra, late = judge(true, seen, gop)
    seconds = len(film) / FPS
    return Outcome(
        walk.name,
        gop,
        coding,
        seconds,
        len(true),
        conditions,
        missed,
        extra,
        late,
        decoded / whole,
        quiet,
        spent / seconds,
    )


def _one(tried: tuple[str, int, Coding]) -> Outcome:
    """The same in a process of its own."""
    name, gop, coding = tried
    walk = next(each for each in walks() if each.name == name)
    return compare(Detector.load(ROOT / "models" / "coco-ssd"), walk, gop, coding)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    names = [walk.name for walk in walks()]
    parser = argparse.ArgumentParser(
        prog="python -m bench.video.missed", description=(__doc__ or "").split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--films", nargs="+", choices=names, default=names)
    parser.add_argument("--gops", nargs="+", type=int, default=list(GOPS), help="seconds")
    parser.add_argument("--codings", nargs="+", choices=get_args(Coding), default=list(get_args(Coding)))
    parser.add_argument("--jobs", type=int, default=cores(), help="films at once (default %(default)s)")
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    tried = [(name, gop, coding) for name in args.films for gop in args.gops for coding in args.codings]
    outcomes: list[Outcome] = []
    print(HEAD, flush=True)
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(_one, tried):
            outcomes.append(outcome)
            print(outcome.row(), "" if outcome.holds else "  <- FAILS", flush=True)
    wrong = [each for each in outcomes if not each.holds]
    total = (
        f"{sum(each.conditions for each in outcomes)} conditions in {len(outcomes)} films:"
        f" {sum(each.missed for each in outcomes)} missed, {sum(each.extra for each in outcomes)} extra."
    )
    print(total)
    if not args.no_page:
        text = "\n".join([HEAD, *(each.row() for each in outcomes)])
        page.put(page.DOCUMENT, "video-missed", f"{datetime.now(UTC):%Y-%m-%d}. {total}\n\n{text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
