"""`python -m bench.detectors.tiling`: how many far persons are found in the whole picture only, and in tiles of it.

Persons of real films that the model is sure of are shrunk, with what is around them, and set into an empty street of
1280×720 at some other place; how tall they are there, and where, is known. Found: a person's box that overlaps it by
half, with the certainty from which rules see it. Made up: boxes of persons in the same street without anybody.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detectors.curve import curve
from bench.video.films import ROOT, STREET, empty
from bench.video.page import DOCUMENT, picture, processor, put
from bench.video.walks import BIKES, ONE_BY_ONE
from detectors.detections import Detections
from detectors.detector import Detector
from detectors.nms import overlaps
from detectors.tiling import Grid, look, parse_grid
from ingest.raster import Pixels

MODEL = "coco-ssd"
PERSON = "person"
HEIGHTS = (4, 6, 8, 12, 16)
"""Per cent of the picture's height."""
GRIDS = ("1x1", "2x2", "3x2", "3x3")
SURE = 0.7
"""Certainty with which a person must be known in the film itself."""
SHOWN = 40
"""Persons of each film."""
APART = 15
"""Pictures of a film between two that are tried."""
WIDTH, HEIGHT = 1280, 720
EMPTY = 40
"""Pictures of the empty street, each with noise of its own."""
OVERLAP = 0.5

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture in which one person's place is known: float32 (1, 4) in 0..1."""

    picture: Picture
    box: NDArray[np.float32]


@dataclass(slots=True)
class Result:
    """One grid.

    Attributes:
        found: By height: 1.0 for each person that was found, 0.0 for each that was not.
        made_up: Boxes of persons in each empty picture.
        milliseconds: Of each look.
    """

    found: dict[int, list[float]] = field(default_factory=dict)
    made_up: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def main() -> int:
    """Look and count; the table goes to standard output and, unless told otherwise, into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.detectors.tiling", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--shown", type=int, default=SHOWN, help="persons of each film (default %(default)s)")
    parser.add_argument("--grids", nargs="*", default=list(GRIDS), metavar="CxR")
    parser.add_argument("--no-page", action="store_true", help="leave docs/benchmarks.md as it is")
    args = parser.parse_args()
    detector = Detector.load(ROOT / "models" / MODEL)
    street = np.asarray(cv2.resize(_cropped(cv2.imread(str(empty()))), (WIDTH, HEIGHT)), np.uint8)
    chance = np.random.default_rng(7)
    people: dict[str, int] = {}
    results = {name: Result() for name in args.grids}
    grids = {name: parse_grid(name) for name in args.grids}
    for path in (STREET, BIKES, ONE_BY_ONE):
        if not path.is_file():
            continue
        for whole, box in known(path, detector, args.shown):
            people[path.stem] = people.get(path.stem, 0) + 1
            for height in HEIGHTS:
                shown = placed(street, whole, box, height / 100, chance)
                for name, grid in grids.items():
                    ask(detector, shown, grid, height, results[name])
        print(f"{path.stem}: {people.get(path.stem, 0)} persons", flush=True)
    for _ in range(EMPTY):
        nobody = noisy(street, chance)
        for name, grid in grids.items():
            results[name].made_up.append(len(persons(look(detector.look, Pixels(nobody), grid))))
    text = table(results, people)
    print(f"\n{text}")
    if not args.no_page:
        series = {name: each.found for name, each in results.items()}
        title = "share of persons found, by their height in % of the picture's, whole picture and tiles"
        shown_curve = picture(DOCUMENT, "tiling", curve(means(series), title, low=0.0))
        put(
            DOCUMENT,
            "detectors-tiling",
            f"{datetime.now(UTC):%Y-%m-%d}, {processor()}.\n\n{text}\n\n{shown_curve}",
        )
    return 0


def known(path: Path, detector: Detector, most: int) -> Iterator[tuple[Picture, NDArray[np.float32]]]:
    """Pictures of a film, and the box of the surest person in each, float32 (4,)."""
    film, number, found = cv2.VideoCapture(str(path)), 0, 0
    try:
        while found < most and film.grab():
            number += 1
            if number % APART:
                continue
            whole = np.asarray(film.retrieve()[1], np.uint8)
            seen = persons(detector.look(Pixels(whole)))
            left, top, right, bottom = (
                seen.boxes[int(seen.certainty.argmax())] if len(seen) else np.zeros(4, np.float32)
            )
            uncut = left > 0.01 and top > 0.01 and right < 0.99 and bottom < 0.99
            if len(seen) and float(seen.certainty.max()) >= SURE and uncut:
                found += 1
                yield whole, np.array([left, top, right, bottom], np.float32)
    finally:
        film.release()


def placed(
    street: Picture, whole: Picture, box: NDArray[np.float32], height: float, chance: np.random.Generator
) -> Shown:
    """The picture shrunk until the person of `box` is as tall as `height` of the street's, somewhere in the street."""
    rows, columns = whole.shape[:2]
    scale = height * HEIGHT / (float(box[3] - box[1]) * rows)
    wide, tall = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = np.asarray(cv2.resize(whole, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
    made = street.copy()
    left, top = int(chance.integers(0, max(1, WIDTH - wide))), int(chance.integers(0, max(1, HEIGHT - tall)))
    part = made[top : top + tall, left : left + wide]
    part[:] = small[: part.shape[0], : part.shape[1]]
    x0, y0, x1, y1 = (float(each) for each in box)
    there = [
        (left + x0 * wide) / WIDTH,
        (top + y0 * tall) / HEIGHT,
        (left + x1 * wide) / WIDTH,
        (top + y1 * tall) / HEIGHT,
    ]
    return Shown(noisy(made, chance), np.array([there], np.float32))


def noisy(picture: Picture, chance: np.random.Generator) -> Picture:
    """As a camera gives it."""
    return np.asarray(np.clip(np.rint(picture + chance.normal(0, 2, picture.shape)), 0, 255), np.uint8)


def persons(found: Detections) -> Detections:
    """Only those."""
    return found.only(found.classes == found.labels.index(PERSON))


def ask(detector: Detector, shown: Shown, grid: Grid, height: int, into: Result) -> None:
    """One look."""
    begun = time.perf_counter()
    seen = persons(look(detector.look, Pixels(shown.picture), grid))
    into.milliseconds.append(1000 * (time.perf_counter() - begun))
    hit = len(seen) > 0 and float(overlaps(shown.box, seen.boxes).max()) >= OVERLAP
    into.found.setdefault(height, []).append(float(hit))


def means(series: Mapping[str, Mapping[int, Sequence[float]]]) -> dict[str, dict[int, list[float]]]:
    """One value for each point of the curve."""
    return {
        name: {height: [sum(each) / len(each)] for height, each in values.items()}
        for name, values in series.items()
    }


def table(results: Mapping[str, Result], people: Mapping[str, int]) -> str:
    """A row for each grid."""
    heads = " | ".join(f"{each} %" for each in HEIGHTS)
    lines = [
        f"{sum(people.values())} persons of {len(people)} films ({', '.join(people)}), each at every height.",
        "",
        f"| tiles | {heads} | made up in {EMPTY} empty pictures | ms per look |",
        f"|---|{'---:|' * len(HEIGHTS)}---:|---:|",
    ]
    for name, each in results.items():
        shares = [sum(row) / len(row) for height in HEIGHTS if (row := each.found.get(height))]
        cells = " | ".join(f"{share:.0%}" for share in shares)
        lines.append(f"| {name} | {cells} | {sum(each.made_up)} | {median(each.milliseconds):.0f} |")
    return "\n".join(lines)


def _cropped(street: object) -> Picture:
    """As `bench.video` shows it: 16:9."""
    return np.asarray(street, np.uint8)[72:504]


if __name__ == "__main__":
    raise SystemExit(main())
