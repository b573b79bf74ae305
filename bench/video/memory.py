"""`python -m bench.video.memory`: what a quiet camera holds in memory, and whether that grows.

The hub's real worker with 8 and with 64 quiet cameras (720p25, constant 2 Mbit/s, the ring as it ships): the slope
of the proportional set size (PSS, from /proc/PID/smaps_rollup) between them is the memory of a camera; the size
over 30 minutes with 64 of them is the growth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.processes import tree
from bench.video import page
from bench.video.films import film
from bench.video.hub import camera, running_hub
from bench.video.server import Server, serving
from bench.video.verdict import Claim

MOST_MB = 12.0
"""Per quiet camera."""
MOST_GROWTH = 2.0
"""Per cent."""
ENDS = 5
"""Minutes at the begin and at the end whose medians are compared: a decoder that is open at the moment is no growth."""
SAMPLES = 5
"""Measurements, a second apart, whose median counts."""


def pss(pids: Sequence[int]) -> float:
    """Megabytes of these processes and all below them; shared pages count in parts."""
    kilobytes = 0
    for pid in {each for root in pids for each in tree(root)}:
        with suppress(OSError):  # it ended meanwhile
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1000


def steady(pids: Sequence[int]) -> float:
    """The median of a few measurements."""
    taken = []
    for _ in range(SAMPLES):
        taken.append(pss(pids))
        time.sleep(1)
    return median(taken)


def sizes(server: Server, number: int, *, settle: float, minutes: float) -> list[float]:
    """PSS of one worker with so many quiet cameras: after `settle` seconds, and then every minute."""
    cameras = [camera(f"cam-{n}", f"{server.url}cam-{n}", 5.0) for n in range(number)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-memory-") as folder,
        running_hub(cameras, Path(folder) / "hub") as hub,
    ):
        time.sleep(settle)
        received = [each.received for each in hub.count()]
        if min(received) == 0:
            raise RuntimeError(f"{received.count(0)} of {number} cameras sent nothing")
        found = [steady(hub.pids)]
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            time.sleep(min(60.0, max(0.0, end - time.monotonic())))
            found.append(steady(hub.pids))
            print(f"  {number} cameras, {len(found) - 1} min: {found[-1]:.1f} MB", flush=True)
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; 1 when something does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.video.memory", description=(__doc__ or "").split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--few", type=int, default=8, help="cameras (default %(default)s)")
    parser.add_argument("--many", type=int, default=64, help="cameras (default %(default)s)")
    parser.add_argument(
        "--settle", type=float, default=90, help="seconds until rings are full (default %(default)s)"
    )
    parser.add_argument("--minutes", type=float, default=30, help="of watching growth (default %(default)s)")
    parser.add_argument("--coding", choices=("cbr", "vbr"), default="cbr")
    parser.add_argument("--page", type=Path, default=page.DOCUMENT, help="where the result is written")
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    quiet = film("quiet", args.coding)
    with serving({f"cam-{n}": quiet for n in range(args.many)}) as server:
        few = sizes(server, args.few, settle=args.settle, minutes=0)[0]
        print(f"  {args.few} cameras: {few:.1f} MB", flush=True)
        course = sizes(server, args.many, settle=args.settle, minutes=args.minutes)
    slope = (course[0] - few) / (args.many - args.few)
    claims = [Claim("MB for a quiet camera", slope, MOST_MB)]
    if len(course) > 1:
        some = max(1, min(ENDS, len(course) // 2))
        growth = 100 * (median(course[-some:]) / median(course[:some]) - 1)
        claims.append(Claim(f"% more after {args.minutes:g} min", growth, MOST_GROWTH))
    text = "\n".join([head(args, few, course), "", *page.answers(claims)])
    print(f"\n{text}", flush=True)
    if not args.no_page:
        page.put(args.page, "video-memory", text)
    return 0 if all(claim.answer == "passed" for claim in claims) else 1


def head(args: argparse.Namespace, few: float, course: Sequence[float]) -> str:
    """What was run, and the sizes."""
    later = f", {course[-1]:.0f} MB after {args.minutes:g} min (in between {min(course):.0f} to {max(course):.0f})"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {page.machine()}. One worker, PSS: {few:.0f} MB with {args.few} quiet cameras"
        f" ({args.coding}), {course[0]:.0f} MB with {args.many}{later if len(course) > 1 else ''}."
    )


if __name__ == "__main__":
    sys.exit(main())
