"""`python -m bench.video.many`: many cameras on two cores, RTSP server included: does every one keep its rate?

Most show an empty street, some the same street with people in it; half are coded with constant bitrate, half with
constant quality. Everything, this program included, is held on so many cores. Every camera must receive 95 % of its
pictures in every window of 10 s, each with people must be analysed 95 % as often as wanted, and of the raises
95 % must be told within 300 ms of their frame. The machine is measured before and after; when it was not
the same, the run says nothing and should be repeated.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from bench.processes import cpu_seconds
from bench.video import page
from bench.video.calibrate import STEADY, calibrate
from bench.video.compare import MODEL
from bench.video.contestant import wait_ready
from bench.video.films import FPS, Coding, film
from bench.video.hub import Json, camera, running_hub
from bench.video.server import serving
from bench.video.verdict import KEPT, Claim
from bench.video.watch import Raises, Watch

WANTED = 5.0
"""Analysed pictures a second."""
PROMPT_MS = 300.0
READY = 120.0
SETTLE = 150.0
"""Seconds. Cameras begin open, four at once for six seconds, which is more than two cores have time for."""
ZONES: Sequence[Json] = tuple(
    {
        "id": name,
        "kind": "presence",
        "condition": "person-after-hours",
        "classes": ["person"],
        "zone": [[left, 0], [right, 0], [right, 1], [left, 1]],
        "zone_name": name,
        "raise_after": "0s",
        "clear_after": "1s",
        "severity": "major",
    }
    for name, left, right in (("left", 0.0, 0.3), ("right", 0.7, 1.0))
)
"""The edges of the street: people come into them and go all the time, so that there are raises to be timed."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Per cent of one core."""

    hub: float
    server: float


def main(arguments: list[str] | None = None) -> int:
    """The command; 0 when it ran to its end, whatever it found."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.video.many", description=(__doc__ or "").split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--quiet", type=int, default=56, help="cameras without people (default %(default)s)")
    parser.add_argument("--busy", type=int, default=8, help="cameras with people (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the run (default %(default)s)")
    parser.add_argument("--settle", type=float, default=SETTLE, help="before it (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="of the hub (default %(default)s)")
    parser.add_argument("--cores", type=int, default=2, help="for everything (default %(default)s)")
    parser.add_argument("--page", type=Path, default=page.DOCUMENT, help="where the result is written")
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[: args.cores])
    try:
        text = _run(args)
    finally:
        os.sched_setaffinity(0, allowed)
    print(f"\n{text}", flush=True)
    if not args.no_page:
        page.put(args.page, "video-many", text)
    return 0


def _run(args: argparse.Namespace) -> str:
    cores = len(os.sched_getaffinity(0))
    before = calibrate(MODEL, cores)
    codings: tuple[Coding, ...] = ("cbr", "vbr")
    quiet = {f"quiet-{n}": film("quiet", codings[n % 2]) for n in range(args.quiet)}
    busy = {f"busy-{n}": film("busy", codings[n % 2]) for n in range(args.busy)}
    watch, raises = Watch(), Raises()
    with serving(quiet | busy) as server, tempfile.TemporaryDirectory(prefix="bench-video-") as folder:
        cameras = [camera(name, server.url + name, WANTED) for name in quiet]
        cameras += [camera(name, server.url + name, WANTED, ZONES) for name in busy]
        with running_hub(cameras, Path(folder) / "hub", args.workers) as hub:
            hub.on_status, hub.on_signal = watch.hear, raises.hear
            wait_ready(hub, FPS, READY)
            print(f"  {len(cameras)} cameras send", flush=True)
            time.sleep(args.settle)
            watch.clear()
            raises.clear()
            used, served, at = cpu_seconds(hub.pids), cpu_seconds([server.pid]), time.monotonic()
            time.sleep(args.seconds)
            hub.count()  # whoever has died by now is found out
            lasted = time.monotonic() - at
            shares = Shares(
                hub=100 * (cpu_seconds(hub.pids) - used) / lasted,
                server=100 * (cpu_seconds([server.pid]) - served) / lasted,
            )
    after = calibrate(MODEL, cores)
    changed = after / before - 1
    void = f"the machine changed by {100 * changed:+.0f} %" if abs(changed) > STEADY else ""
    claims = _claims(watch, raises, sorted(quiet), sorted(busy), void)
    ran = (
        f"{datetime.now(UTC):%Y-%m-%d}, {page.machine()}. {len(quiet)} quiet and {len(busy)} busy cameras for"
        f" {lasted:.0f} s on {cores} cores, {args.workers} workers: hub {shares.hub:.0f} % of a core, RTSP server"
        f" {shares.server:.0f} %. The same work took {before:.0f} ms before and {after:.0f} ms after"
        f" ({100 * changed:+.0f} %){': to be repeated, the machine was not the same' if void else ''}."
    )
    gates = (
        f"{_open(watch, sorted(quiet))} of {len(quiet)} quiet cameras and {_open(watch, sorted(busy))} of"
        f" {len(busy)} busy ones had their gate open at the end; {len(raises.seconds)} raises."
    )
    return "\n".join([ran, "", gates, "", *page.answers(claims)])


def _claims(
    watch: Watch, raises: Raises, quiet: Sequence[str], busy: Sequence[str], void: str
) -> list[Claim]:
    found = [
        Claim(
            f"received, {name}: share of what is sent, worst window of the worst camera",
            min(watch.worst(device)[0] for device in devices) / FPS,
            KEPT,
            least=True,
            void=void,
        )
        for name, devices in (("quiet", quiet), ("busy", busy))
        if devices
    ]
    if busy:
        worst = min(watch.worst(device)[1] for device in busy) / WANTED
        what = "analysed, busy: share of what is wanted, worst window of the worst camera"
        found.append(Claim(what, worst, KEPT, least=True, void=void))
        timed = raises.seconds
        told = quantiles(timed, n=20, method="inclusive")[-1] * 1000 if len(timed) > 1 else float("inf")
        what = "ms from frame to published signal, 95th of 100 raises"
        found.append(Claim(what, told, PROMPT_MS, void=void or ("" if raises.seconds else "no raise")))
    return found


def _open(watch: Watch, devices: Sequence[str]) -> int:
    return sum(watch.newest.get(device, {}).get("gate") == "open" for device in devices)


if __name__ == "__main__":
    sys.exit(main())
