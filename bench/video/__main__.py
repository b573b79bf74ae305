"""`python -m bench.video` (or `make bench ARGS=video`): the video engine beside three peers, in the same run.

The hub's real worker, OpenCV capture threads, the same with a motion gate, and PyAV with full decoding, all with
the same model on onnxruntime; streams come from a server process of its own. Prints every run, then the tables;
writes them and their picture into docs/benchmarks.md. With --curve: cost against the number of cameras, each
contestant until it no longer keeps up.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import cast, get_args

from bench.video import page
from bench.video.compare import Plan, compare
from bench.video.curve import MOST_CAMERAS, curve, steps
from bench.video.films import FPS, Coding, Scene
from bench.video.peer import PEERS
from bench.video.picture import bars, lines
from bench.video.verdict import HUB, claims, rows


def main(arguments: list[str] | None = None) -> int:
    """The command; 0 when it ran to its end, whatever it found."""
    usual = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m bench.video", description=(__doc__ or "").split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument(
        "--cameras", type=int, default=usual.cameras, help="of each contestant (default %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of a run (default %(default)s)")
    parser.add_argument(
        "--settle", type=float, default=usual.settle, help="seconds before it (default %(default)s)"
    )
    parser.add_argument(
        "--repeats", type=int, default=usual.repeats, help="of everything (default %(default)s)"
    )
    parser.add_argument("--workers", type=int, help="of the hub (default 1; with --curve 2)")
    parser.add_argument("--scenes", nargs="+", choices=get_args(Scene), default=usual.scenes)
    parser.add_argument("--codings", nargs="+", choices=get_args(Coding), default=usual.codings)
    parser.add_argument("--contestants", nargs="+", choices=(HUB, *PEERS), default=usual.contestants)
    parser.add_argument("--curve", action="store_true", help="cost against the number of cameras")
    parser.add_argument(
        "--most", type=int, default=MOST_CAMERAS, help="cameras at which --curve ends (default %(default)s)"
    )
    parser.add_argument(
        "--numbers",
        type=_number,
        nargs="+",
        metavar="N",
        help="of cameras that --curve tries, instead of all steps up to --most",
    )
    parser.add_argument(
        "--page", type=Path, default=page.DOCUMENT, help="where the result is written (default %(default)s)"
    )
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    plan = Plan(
        cameras=args.cameras,
        seconds=args.seconds,
        settle=args.settle,
        repeats=args.repeats,
        scenes=args.scenes,
        codings=args.codings,
        workers=args.workers or (2 if args.curve else 1),
        contestants=args.contestants,
    )
    document = None if args.no_page else cast("Path", args.page)
    given = shlex.join(arguments if arguments is not None else sys.argv[1:])
    if args.curve:
        _curve(plan, args.numbers or steps(args.most), document, given)
    else:
        _compare(plan, document, given)
    return 0


def _number(text: str) -> int:
    """At least one camera."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of cameras")
    return int(text)


def say(line: str) -> None:
    """At once."""
    print(line, flush=True)


def _compare(plan: Plan, document: Path | None, given: str) -> None:
    runs = compare(plan, say)
    table = rows(runs, plan.fps, FPS)
    raw = {
        f"{scene}, {coding}": (
            median(run.alone.decode_ms for run in group),
            median(run.alone.inference_ms for run in group),
            median(run.alone.motion_ms for run in group),
        )
        for scene in plan.scenes
        for coding in plan.codings
        if (group := [run for run in runs if (run.scene, run.coding) == (scene, coding)])
    }
    head = (
        f"{plan.repeats} interleaved repeats of {plan.seconds:g} s, {plan.cameras} cameras of 720p with {FPS} pictures"
        f" a second, {plan.fps:g} of them to be analysed, coco-ssd in fp32 on one thread."
        f" Medians. `{given or 'no options'}`"
    )
    text = page.comparison(table, claims(table, runs, plan.fps, FPS), raw, head=head, at=datetime.now(UTC))
    say(f"\n{text}")
    if document is not None:
        shown = page.picture(document, "video", bars(table, "% of a core per camera"))
        page.put(document, "video", f"{shown}\n\n{text}")
        say(f"\nwritten into {document}")


def _curve(plan: Plan, numbers: Sequence[int], document: Path | None, given: str) -> None:
    found = curve(plan, numbers, say)
    text = "\n\n".join(
        [f"{datetime.now(UTC):%Y-%m-%d}, {page.machine()}. `{given}`", *(each.table() for each in found)]
    )
    say(f"\n{text}")
    if document is not None:
        pictures = [
            page.picture(
                document,
                f"video-curve-{each.scene}",
                lines(
                    each.series(),
                    f"{each.scene}, {each.coding}: % of a core for all cameras, by their number",
                ),
            )
            for each in found
        ]
        page.put(document, "video-curve", "\n\n".join([*pictures, text]))
        say(f"\nwritten into {document}")


if __name__ == "__main__":
    sys.exit(main())
