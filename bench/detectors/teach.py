"""`python -m bench.detectors.teach`: conditions taught with 10 to 80 examples of each kind, asked elsewhere in it.

Every answer is given by the one ONNX file that a version consists of, on one thread, in batches of eight.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray

from bench.detectors.curve import curve
from bench.detectors.problems import Problem, problems
from bench.video.films import ROOT
from bench.video.page import DOCUMENT, picture, processor, put
from detectors.session import Session
from detectors.teach.example import Example
from detectors.teach.features import BATCH, Backbone, as_batch, fitted
from detectors.teach.figures import balanced_accuracy, calibration_error
from detectors.teach.head import whole_model
from detectors.teach.network import CROPS
from detectors.teach.train import teach

SIZES = (10, 20, 40, 80)
SEEDS = 5
ASKED = 150
"""Examples of each kind that are asked, spread over the other half."""
WANTED = 0.92
"""Balanced accuracy that 40 examples of each kind must give in the mean of the seeds, of the worst problem."""
AT = 40
THREADS = 2


@dataclass(slots=True)
class Result:
    """One problem: by size one value for each seed."""

    accuracy: dict[int, list[float]] = field(default_factory=dict)
    promised: dict[int, list[float]] = field(default_factory=dict)
    error: dict[int, list[float]] = field(default_factory=dict)
    seconds: dict[int, list[float]] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def main() -> int:
    """Teach and ask; the table goes to standard output and, unless told otherwise, into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.detectors.teach", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--problems", nargs="*", default=[], metavar="NAME", help="default: all that can be made"
    )
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES), metavar="N")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--no-page", action="store_true", help="leave docs/benchmarks.md as it is")
    args = parser.parse_args()
    backbone = Backbone(ROOT / "models", threads=THREADS)
    results: dict[str, Result] = {}
    real: dict[str, bool] = {}
    for name, make in problems(args.problems).items():
        problem = make()
        counts = [sum(each.holds for each in half) for half in problem.halves]
        wholes = [len(half) for half in problem.halves]
        print(
            f"{name}: {counts[0]} of {wholes[0]} yes in one half, {counts[1]} of {wholes[1]} in the other",
            flush=True,
        )
        results[name], real[name] = Result(), problem.real
        for seed in range(args.seeds):
            for size in args.sizes:
                _once(problem, size, seed, backbone, results[name])
    text = _table(results, real, args.sizes, args.seeds)
    print(f"\n{text}")
    if not args.no_page:
        title = "balanced accuracy on another part of the film, by examples of each kind"
        shown = picture(
            DOCUMENT,
            "teach",
            curve({name: each.accuracy for name, each in results.items()}, title, wanted=WANTED),
        )
        put(DOCUMENT, "detectors-teach", f"{datetime.now(UTC):%Y-%m-%d}, {processor()}.\n\n{text}\n\n{shown}")
    return 0


def _once(problem: Problem, size: int, seed: int, backbone: Backbone, into: Result) -> None:
    """One seed takes the first half to teach, the next the second."""
    taught_of, asked_of = problem.halves[seed % 2], problem.halves[1 - seed % 2]
    chance = np.random.default_rng(1000 + seed)
    chosen = [each for holds in (True, False) for each in _some(taught_of, holds, size, chance)]
    asked = [each for holds in (True, False) for each in _spread(asked_of, holds, ASKED)]
    if min(sum(each.holds is holds for each in chosen) for holds in (True, False)) < size:
        print(f"  seed {seed}, {size}: too few examples", flush=True)
        return
    begun = time.monotonic()
    taught = teach(chosen, backbone.features, seed=seed, flips=problem.flips)
    weights = whole_model(backbone.base, taught.head, problem.name)
    seconds = time.monotonic() - begun
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "taught.onnx"
        path.write_bytes(weights)
        session = Session(path)
    p, cost = _asked(session, asked)
    holds = np.array([each.holds for each in asked])
    accuracy = balanced_accuracy(p, holds)
    into.accuracy.setdefault(size, []).append(accuracy)
    into.promised.setdefault(size, []).append(taught.figures.balanced_accuracy)
    into.error.setdefault(size, []).append(calibration_error(p, holds))
    into.seconds.setdefault(size, []).append(seconds)
    into.milliseconds.extend(cost)
    said = taught.figures
    print(
        f"  seed {seed}, {size} each: {accuracy:.3f} (itself: {said.balanced_accuracy:.3f}), {seconds:.1f} s, "
        f"{median(cost):.1f} ms, {said.recipe} {said.ridge:g}, gap {said.gap:g}",
        flush=True,
    )


def _some(half: list[Example], holds: bool, size: int, chance: np.random.Generator) -> list[Example]:
    of = [each for each in half if each.holds is holds]
    rows = np.sort(chance.permutation(len(of))[:size])
    return [of[int(row)] for row in rows]


def _spread(half: list[Example], holds: bool, most: int) -> list[Example]:
    of = [each for each in half if each.holds is holds]
    rows = np.unique(np.linspace(0, len(of) - 1, min(most, len(of))).round().astype(int))
    return [of[int(row)] for row in rows]


def _asked(session: Session, asked: list[Example]) -> tuple[NDArray[np.float64], list[float]]:
    """The probabilities, and milliseconds for each region of each full batch, its making included."""
    p, cost = [], []
    for begin in range(0, len(asked), BATCH):
        some = asked[begin : begin + BATCH]
        started = time.perf_counter()
        batch = as_batch([fitted(each.picture) for each in some])
        p.append(session.run({CROPS: batch})[0].reshape(-1))
        if begin and len(some) == BATCH:  # the first one makes the session's buffers
            cost.append((time.perf_counter() - started) * 1000 / BATCH)
    return np.concatenate(p).astype(np.float64), cost


def _table(results: dict[str, Result], real: dict[str, bool], sizes: list[int], seeds: int) -> str:
    columns = " | ".join(f"{size} each" for size in sizes)
    lines = [
        f"Balanced accuracy, mean of {seeds} seeds (the worst seed in brackets):",
        "",
        f"| problem | {columns} | it said itself | ECE | training, s | ms a region |",
        "|---|" + "---:|" * (len(sizes) + 4),
    ]
    for name, each in results.items():
        cells = [
            f"{mean(each.accuracy[size]):.3f} ({min(each.accuracy[size]):.3f})"
            if size in each.accuracy
            else "–"
            for size in sizes
        ]
        last = max(each.accuracy, default=None)
        at = AT if AT in each.accuracy else last
        if at is None or last is None:
            continue
        lines.append(
            f"| {name}, {'real' if real[name] else 'composed'} | {' | '.join(cells)} | {mean(each.promised[at]):.3f}"
            f" | {mean(each.error[at]):.3f} | {max(each.seconds[last]):.1f} | {median(each.milliseconds):.1f} |"
        )
    how = f"Said itself and ECE: with {AT} examples of each kind. Training: the longest with {max(sizes)} of each, "
    lines += ["", f"{how}{THREADS} threads. A region: one thread, batches of {BATCH}, made small included."]
    held = {name: mean(each.accuracy[AT]) for name, each in results.items() if AT in each.accuracy}
    if held:
        worst = min(held, key=lambda name: held[name])
        reached = "reached" if held[worst] >= WANTED else "missed"
        lines += [
            "",
            f"The worst with {AT} of each is {worst}: {held[worst]:.3f}; wanted are {WANTED}: {reached}.",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
