"""Curve: what a contestant costs with more and more cameras, until it no longer keeps up with them.

It keeps up while every camera's packets come (those of a peer: are decoded) and, where every picture is analysed,
as often as wanted. The first number of cameras at which it does not is the last that is tried.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import cpu_seconds
from bench.video.compare import Plan, running
from bench.video.contestant import Cost, measure, wait_ready
from bench.video.films import FPS, Coding, Scene, films
from bench.video.hub import begun
from bench.video.server import serving
from bench.video.verdict import KEPT, UNGATED

MOST_CAMERAS = 256
SLOWLY = 1.5
"""Each step has so many times the cameras of the one before."""
COLUMNS = (
    "| | cameras | % of a core, all | % of a core per camera | received a second, at least"
    " | analysed a second, at least | RTSP server, % of a core | |"
)


@dataclass(frozen=True, slots=True)
class Point:
    """One number of cameras.

    Attributes:
        cost: What the contestant did and used.
        server: Processor seconds a second of the RTSP server, which shares the machine.
        held: Whether the contestant kept up.
    """

    cameras: int
    cost: Cost
    server: float
    held: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One scene.

    Attributes:
        points: Of each contestant, in rising order.
    """

    scene: Scene
    coding: Coding
    points: dict[str, list[Point]] = field(default_factory=dict)

    def series(self) -> Mapping[str, Sequence[tuple[int, float, bool]]]:
        """For the picture: per cent of one core for all cameras together."""
        return {
            name: [(each.cameras, 100 * each.cost.cpu, each.held) for each in points]
            for name, points in self.points.items()
        }

    def table(self) -> str:
        """As Markdown."""
        out = [f"{self.scene}, {self.coding}:", "", COLUMNS, "|---|---:|---:|---:|---:|---:|---:|---|"]
        for name, points in self.points.items():
            out += [
                f"| {name} | {each.cameras} | {100 * each.cost.cpu:.1f} | {each.cost.per_camera:.2f}"
                f" | {min(each.cost.received):.1f} | {min(each.cost.analysed):.2f} | {100 * each.server:.0f}"
                f" | {'keeps up' if each.held else 'does not'} |"
                for each in points
            ]
        return "\n".join(out)


def steps(most: int) -> list[int]:
    """1, 2, 3, 4, 6, 9 … up to `most`."""
    found = [1]
    while found[-1] < most:
        found.append(min(most, max(found[-1] + 1, int(found[-1] * SLOWLY))))
    return found


def keeps_up(contestant: str, scene: Scene, cost: Cost, fps: float) -> bool:
    """Whether every camera got what it should."""
    analysed = contestant in UNGATED or scene == "busy"
    return min(cost.received) >= KEPT * FPS and (not analysed or min(cost.analysed) >= KEPT * fps)


def curve(plan: Plan, numbers: Sequence[int], say: Callable[[str], None]) -> list[Curve]:
    """For every scene, in the first of the plan's codings, with so many cameras, rising, to where it breaks."""
    found: list[Curve] = []
    for scene in plan.scenes:
        coding = plan.codings[0]
        streams = {f"{number}": path for number, path in enumerate(films(scene, coding, max(numbers)))}
        found.append(Curve(scene, coding))
        for contestant in plan.contestants:
            for cameras in sorted(set(numbers)):
                point = _point(plan, contestant, scene, dict(list(streams.items())[:cameras]))
                if point is None:
                    say(f"  {scene} {contestant} {cameras}: not every camera came")
                    break
                found[-1].points.setdefault(contestant, []).append(point)
                say(
                    f"  {scene} {contestant} {cameras}: {100 * point.cost.cpu:.1f} % of a core (RTSP server"
                    f" {100 * point.server:.0f} %), {min(point.cost.received):.1f} received,"
                    f" {min(point.cost.analysed):.2f} analysed at least"
                )
                if not point.held:
                    break
    return found


def _point(plan: Plan, contestant: str, scene: Scene, streams: Mapping[str, Path]) -> Point | None:
    """None when it could not even begin with so many."""
    with (
        serving(streams) as server,
        tempfile.TemporaryDirectory(prefix="bench-video-") as folder,
        running(
            contestant,
            [f"{server.url}{name}" for name in streams],
            Path(folder),
            fps=plan.fps,
            workers=min(plan.workers, len(streams)),
        ) as engine,
    ):
        try:
            wait_ready(engine, FPS)
        except TimeoutError:
            return None
        measure(engine, max(plan.settle, begun(len(streams), min(plan.workers, len(streams)))))
        used, at = cpu_seconds([server.pid]), time.monotonic()
        cost = measure(engine, plan.seconds)
        served = (cpu_seconds([server.pid]) - used) / (time.monotonic() - at)
    return Point(len(streams), cost, served, keeps_up(contestant, scene, cost, plan.fps))
