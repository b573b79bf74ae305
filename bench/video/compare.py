"""Compare: every contestant in every scene, interleaved, so that a slow minute of the machine meets all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench.video.contestant import Contestant, Cost, measure, wait_ready
from bench.video.films import FPS, Coding, Scene, films
from bench.video.hub import camera, running_hub
from bench.video.peer import PEERS, running_peer
from bench.video.raw import sampling
from bench.video.server import serving
from bench.video.verdict import HUB, STOLEN, Run
from bench.video.worker import ROOT

MODEL = ROOT / "models" / "coco-ssd" / "coco-ssd.onnx"
TRIES = 5
"""Times that a measurement is made at most while others on the same host take more than STOLEN."""
WARM = 4.0
"""Seconds before the measurement for those that learn nothing: all threads run by then."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        cameras: Of each contestant.
        seconds: Of each measurement.
        settle: Seconds before it, from when all cameras send: the hub learns what is usual; WARM for the others.
        repeats: Of everything.
        fps: Pictures to look at per second of each camera.
        scenes: Which.
        codings: Which.
        workers: Processes of the hub.
        contestants: Which; HUB first.
    """

    cameras: int = 4
    seconds: float = 12.0
    settle: float = 13.0
    repeats: int = 5
    fps: float = 5.0
    scenes: Sequence[Scene] = get_args(Scene)
    codings: Sequence[Coding] = get_args(Coding)
    workers: int = 1
    contestants: Sequence[str] = (HUB, *PEERS)


@contextmanager
def running(
    contestant: str, urls: Sequence[str], folder: Path, *, fps: float, workers: int
) -> Iterator[Contestant]:
    """The contestant on these streams."""
    if contestant == HUB:
        cameras = [camera(f"camera-{number}", url, fps) for number, url in enumerate(urls)]
        with running_hub(cameras, folder / "hub", workers) as hub:
            yield hub
    else:
        with running_peer(contestant, MODEL, fps, urls, folder / "peer.log") as peer:
            yield peer


def compare(plan: Plan, say: Callable[[str], None]) -> list[Run]:
    """All runs; what is found is said on the way."""
    shown = {
        (scene, coding): films(scene, coding, plan.cameras)
        for scene in plan.scenes
        for coding in plan.codings
    }
    streams = {
        f"{scene}-{coding}-{number}": path
        for (scene, coding), paths in shown.items()
        for number, path in enumerate(paths)
    }
    runs: list[Run] = []
    with serving(streams) as server:
        for repeat in range(plan.repeats):
            for (scene, coding), paths in shown.items():
                urls = [f"{server.url}{scene}-{coding}-{number}" for number in range(plan.cameras)]
                for contestant in _turned(plan.contestants, repeat):
                    with (
                        tempfile.TemporaryDirectory(prefix="bench-video-") as folder,
                        running(contestant, urls, Path(folder), fps=plan.fps, workers=plan.workers) as engine,
                        sampling(MODEL, paths[0]) as raw,
                    ):
                        wait_ready(engine, FPS)
                        measure(engine, plan.settle if contestant == HUB else min(plan.settle, WARM))
                        raw.begin()
                        cost = undisturbed(engine, plan.seconds, say)
                        alone = raw.end()
                    runs.append(Run(scene, coding, contestant, cost, alone))
                    say(
                        f"  {repeat + 1}/{plan.repeats} {scene} {coding} {contestant}: {cost.per_camera:.2f} % of a"
                        f" core per camera, {min(cost.received):.1f} received, {min(cost.decoded):.1f} decoded,"
                        f" {min(cost.analysed):.2f} analysed per second at least; alone {alone.decode_ms:.2f} ms a"
                        f" picture, {alone.inference_ms:.1f} ms a look"
                    )
    return runs


def undisturbed(engine: Contestant, seconds: float, say: Callable[[str], None]) -> Cost:
    """A measurement while others on the host leave this machine alone, as far as TRIES allow."""
    cost = measure(engine, seconds)
    for _ in range(TRIES - 1):
        if cost.stolen <= STOLEN:
            break
        say(f"    others on the host took {cost.stolen:.0%} of a core: measured again")
        cost = measure(engine, seconds)
    return cost


def _turned(contestants: Sequence[str], by: int) -> Sequence[str]:
    """Nobody always comes first."""
    at = by % len(contestants)
    return [*contestants[at:], *contestants[:at]]
