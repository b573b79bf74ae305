"""`python -m bench.video.dead`: what cameras that are not there cost, and whether they disturb those that are.

400 cameras on the hub's real workers, 40 alive (720p25, 2 Mbit/s, eight of them busy), 360 dead: 120 refuse, 120
take connections and never answer, 120 play and send nothing or garbage. First the 40 alone, then all, in turn.
Prints processor time, what a dead camera adds, and how long the living wait from a frame to what it means.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import cast

from bench.processes import cpu_seconds
from bench.video import page
from bench.video.films import film
from bench.video.hub import Json, begun, camera, running_hub
from bench.video.server import serving
from bench.video.verdict import Claim
from bench.video.worker import ROOT

ALLOWED = 0.1
"""Per cent of a core that a dead camera may cost."""
MINUTE = 75.0
"""Seconds, a little more than one: the workers tell how long frames waited in the last minute, so by then nothing of
their beginning is in it, when all the living are decoded at once, beside the dead or not."""
SLOWER = 1.2
"""Times that the living may wait longer beside the dead."""
DEAD = ("refuse", "hang", "nothing", "bytes", "nothing", "frames", "nothing", "payload")
"""Of the last third of the dead, every second one sends nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        cpu: Processor seconds of the workers for each second.
        wait: p95 in ms from a frame to what it means, the middle one of the run, of the worst worker; None when
            none was looked at.
        states: How many cameras are in each state with each reason.
    """

    cpu: float
    wait: float | None
    states: Mapping[str, int]


def dead_cameras(addresses: Mapping[str, str], number: int) -> list[Json]:
    """So many of every sort, in turn."""
    third = number // 3
    kinds = ["refuse"] * third + ["hang"] * third
    kinds += [DEAD[2 + n % (len(DEAD) - 2)] for n in range(number - len(kinds))]
    return [camera(f"dead-{n}-{kind}", addresses[kind], 5.0) for n, kind in enumerate(kinds)]


@contextmanager
def dead_server() -> Iterator[Mapping[str, str]]:
    """The server as a process; kind → address."""
    command = [sys.executable, "-m", "bench.video.dead_server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the dead server has no pipes")
        try:
            yield cast("Mapping[str, str]", json.loads(process.stdout.readline()))
        finally:
            process.kill()


def run(cameras: Sequence[Json], *, workers: int, settle: float, seconds: float) -> Run:
    """These cameras on so many workers; measured for `seconds` after `settle`."""
    newest: dict[str, Json] = {}
    waits: dict[str, list[float]] = {}

    def hear(told: Json) -> None:
        newest[str(told["worker"])] = told
        analysis = cast("Mapping[str, Mapping[str, float]]", told.get("analysis", {}))
        wait = analysis.get("frame_to_look", {}).get("p95_ms")
        if wait is not None:
            waits.setdefault(str(told["worker"]), []).append(wait)

    with (
        tempfile.TemporaryDirectory(prefix="bench-dead-") as folder,
        running_hub(cameras, Path(folder) / "hub", workers) as hub,
    ):
        hub.on_status = hear
        time.sleep(settle)
        hub.count()
        waits.clear()
        begun, spent = time.monotonic(), cpu_seconds(hub.pids)
        time.sleep(seconds)
        cpu = (cpu_seconds(hub.pids) - spent) / (time.monotonic() - begun)
        hub.count()
    states: dict[str, int] = {}
    for told in newest.values():
        for each in cast("Sequence[Mapping[str, object]]", told["cameras"]):
            word = f"{each['state']} {each['reason'] or ''}".strip()
            states[word] = states.get(word, 0) + 1
    return Run(cpu, max(map(median, waits.values()), default=None), states)


def main(arguments: list[str] | None = None) -> int:
    """The command; 1 when something does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.video.dead", description=(__doc__ or "").split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--alive", type=int, default=40, help="living cameras (default %(default)s)")
    parser.add_argument(
        "--busy", type=int, default=8, help="of them with people in view (default %(default)s)"
    )
    parser.add_argument("--dead", type=int, default=360, help="dead cameras (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default %(default)s)")
    parser.add_argument(
        "--settle", type=float, help="seconds before each run (default: until all have begun, and MINUTE)"
    )
    parser.add_argument("--seconds", type=float, default=90, help="of each run (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of both (default %(default)s)")
    parser.add_argument("--page", type=Path, default=page.DOCUMENT, help="where the result is written")
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    busy = min(args.busy, args.alive)
    settle = begun(args.alive, args.workers) + MINUTE if args.settle is None else args.settle
    quiet_film, busy_film = film("quiet", "cbr"), film("busy", "cbr")
    streams = {f"live-{n}": busy_film if n < busy else quiet_film for n in range(args.alive)}
    alone: list[Run] = []
    beside: list[Run] = []
    with serving(streams or {"nobody": quiet_film}) as server, dead_server() as addresses:
        living = [camera(name, server.url + name, 5.0) for name in streams]
        dead = dead_cameras(addresses, args.dead)
        for repeat in range(args.repeats):
            for into, cameras in ((alone, living), (beside, [*living, *dead])):
                done = run(cameras, workers=args.workers, settle=settle, seconds=args.seconds)
                into.append(done)
                wait = "not told" if done.wait is None else f"{done.wait:.0f} ms"
                print(
                    f"  {repeat + 1}: {len(cameras):4} cameras  {done.cpu:6.3f} cores  p95 {wait}  "
                    f"{dict(sorted(done.states.items()))}",
                    flush=True,
                )
    claims = verdict(alone, beside, args.dead)
    text = "\n".join([head(args.alive, busy, args), "", *table(alone, beside), "", *page.answers(claims)])
    print(f"\n{text}", flush=True)
    if not args.no_page:
        page.put(args.page, "video-dead", text)
    return 0 if all(claim.answer == "passed" for claim in claims) else 1


def head(alive: int, busy: int, args: argparse.Namespace) -> str:
    """What was run."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {page.machine()}. {alive} living cameras, {busy} of them with people in view,"
        f" alone and beside {args.dead} dead ones, {args.workers} workers, {args.seconds:g} s each, in turn."
    )


def table(alone: Sequence[Run], beside: Sequence[Run]) -> list[str]:
    """One row for each run."""
    lines = ["| run | cores used | p95 from frame to look, ms | cameras |", "|---|---:|---:|---|"]
    for number, pair in enumerate(zip(alone, beside, strict=True), 1):
        for name, each in zip(("alone", "beside the dead"), pair, strict=True):
            wait = "–" if each.wait is None else f"{each.wait:.0f}"
            states = ", ".join(f"{count} {word}" for word, count in sorted(each.states.items()))
            lines.append(f"| {number}, {name} | {each.cpu:.3f} | {wait} | {states} |")
    return lines


def verdict(alone: Sequence[Run], beside: Sequence[Run], dead: int) -> list[Claim]:
    """What must hold, and what was found: medians of the runs."""
    each = [100 * (b.cpu - a.cpu) / dead for a, b in zip(alone, beside, strict=True)] if dead else [0.0]
    slower = [b.wait / a.wait for a, b in zip(alone, beside, strict=True) if a.wait and b.wait]
    return [
        Claim(
            f"% of a core for a dead camera (runs {min(each):.3f} to {max(each):.3f})", median(each), ALLOWED
        ),
        Claim(
            "times that the living wait longer beside the dead, p95",
            median(slower) if slower else float("inf"),
            SLOWER,
            void="" if slower else "no living camera was looked at",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
