"""Problems: questions with two answers, made of footage, for trying taught conditions on.

    street-1, street-2  real: somebody is in a fixed part of the street, or nobody (OpenCV's vtest.avi)
    hat                 composed: a pale hat is drawn on every second real person's head in that film
    lamp                composed: a lamp drawn into a part of that film is lit or not, in changing light, with noise
    one-by-one          real: somebody is in a part of a hall, or nobody (a sample video, where it is: SHARED)

Who is there is told by no network: a picture differs from the film's median, or it does not; what is between is left
out. Each problem has two halves of its film with ten seconds between them: one is taught, the other asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.video.films import ROOT, STREET
from detectors.detector import Detector
from detectors.teach.example import Example
from detectors.teach.region import Picture, Region, upper_body

SHARED = Path(os.environ.get("HUB_TEST_FOOTAGE", ROOT.parent / "shared" / "footage"))
HALL = SHARED / "one-by-one-person-detection.mp4"
APART = 10.0
"""Seconds between what is taught and what is asked."""

SMALL = (192, 144)
"""Pixels in which is told whether somebody is there."""
DIFFERS = 25
"""Of 255, from the film's median."""
SOMEBODY, NOBODY = 0.025, 0.002
"""Shares of a region's pixels that differ, from which and up to which it is clear."""
REGION = (0.22, 0.34)
"""Width and height of the street's and the hall's regions, in shares of the picture."""
SURE, TALL = 0.5, 60
"""Certainty of a person's box, and its height in pixels, for a hat to be drawn on it."""

Window = tuple[float, float, float, float]
Halves = tuple[list[Example], list[Example]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One question.

    Attributes:
        name: As above.
        real: Whether nothing is drawn.
        halves: The examples of the film's first and second half, ten seconds apart.
        flips: Whether left and right may change places in training.
    """

    name: str
    real: bool
    halves: Halves
    flips: bool = False


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of a film.

    Attributes:
        name: Of the file.
        pictures: uint8 (n, height, width, 3), BGR.
        seconds: (n,).
    """

    name: str
    pictures: list[Picture]
    seconds: list[float]

    def half(self, second: float) -> int | None:
        """0 or 1, or None: between the halves."""
        middle = self.seconds[-1] / 2
        return 0 if second < middle - APART / 2 else 1 if second > middle + APART / 2 else None


def read(path: Path, every: int) -> Film:
    """Every so-many-th picture; FileNotFoundError when the film is not there."""
    film = cv2.VideoCapture(str(path))
    rate = film.get(cv2.CAP_PROP_FPS) or 10.0
    pictures, seconds, number = list[Picture](), list[float](), 0
    while film.grab():
        if number % every == 0:
            pictures.append(np.asarray(film.retrieve()[1], np.uint8))
            seconds.append(number / rate)
        number += 1
    film.release()
    if not pictures:
        raise FileNotFoundError(f"{path} is missing: run `make setup`")
    return Film(path.stem, pictures, seconds)


def differing(film: Film) -> NDArray[np.float32]:
    """(n, rows, columns): 1 where a picture differs from the film's median."""
    greys = np.stack([cv2.cvtColor(cv2.resize(each, SMALL), cv2.COLOR_BGR2GRAY) for each in film.pictures])
    usual = np.median(greys[::4], axis=0).astype(np.int16)
    return np.asarray(np.abs(greys.astype(np.int16) - usual) > DIFFERS, np.float32)


def windows() -> Iterator[Window]:
    """The regions that are tried."""
    for top in np.arange(0.1, 0.6, 0.1):
        for left in np.arange(0.02, 0.77, 0.06):
            yield float(left), float(top), *REGION


def somebody(film: Film, many: int, names: list[str]) -> list[Problem]:
    """Of all regions the `many` for which most examples of both answers are in both halves; none touches another."""
    where = differing(film)
    found: list[tuple[int, Window, NDArray[np.float32]]] = []
    halves = np.array([-1 if (half := film.half(each)) is None else half for each in film.seconds])
    for window in windows():
        left, top, width, height = window
        rows, columns = where.shape[1:]
        part = where[
            :,
            round(top * rows) : round((top + height) * rows),
            round(left * columns) : round((left + width) * columns),
        ]
        shares = part.mean(axis=(1, 2))
        counts = [
            int((clear & (halves == half)).sum())
            for half in (0, 1)
            for clear in (shares >= SOMEBODY, shares <= NOBODY)
        ]
        found.append((min(counts), window, shares))
    found.sort(key=lambda each: -each[0])
    chosen: list[tuple[Window, NDArray[np.float32]]] = []
    for _, window, shares in found:
        if len(chosen) < many and not any(_touch(window, other) for other, _ in chosen):
            chosen.append((window, shares))
    return [_in_region(film, *each, name) for each, name in zip(chosen, names, strict=True)]


def _touch(one: Window, other: Window) -> bool:
    return abs(one[0] - other[0]) < REGION[0] and abs(one[1] - other[1]) < REGION[1]


def _in_region(film: Film, window: Window, shares: NDArray[np.float32], name: str) -> Problem:
    region = Region("rectangle", window)
    halves: Halves = ([], [])
    for number, (picture, second) in enumerate(zip(film.pictures, film.seconds, strict=True)):
        half, share = film.half(second), float(shares[number])
        if half is not None and (share >= SOMEBODY or share <= NOBODY):
            halves[half].append(
                _example(film, region.cut(picture), second, f"{name}-{number}", share >= SOMEBODY)
            )
    return Problem(name, real=True, halves=halves)


def hats(film: Film, detector: Detector) -> Problem:
    """Upper bodies of real persons; every second one got a hat."""
    chance = np.random.default_rng(11)
    halves: Halves = ([], [])
    for picture, second in list(zip(film.pictures, film.seconds, strict=True))[::4]:
        half = film.half(second)
        if half is None:
            continue
        seen = detector.detect(picture)
        rows = np.flatnonzero((seen.classes == seen.labels.index("person")) & (seen.certainty >= SURE))
        for row in rows:
            box = seen.boxes[int(row)].astype(float)
            left, top, right, bottom = (float(each) for each in box)
            body = upper_body((left, top, right, bottom))
            if (bottom - top) * picture.shape[0] < TALL or body is None or body[1] <= 0:
                continue
            wears = bool(chance.random() < 0.5)
            shown = _with_hat(picture, (left, top, right, bottom), chance) if wears else picture
            crop = Region("rectangle", body).cut(shown)
            halves[half].append(_example(film, crop, second, f"hat-{second:g}-{row}", wears))
    return Problem("hat", real=False, halves=halves, flips=True)


def _with_hat(picture: Picture, box: Window, chance: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    left, top, right, bottom = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    wide, tall = right - left, bottom - top
    middle = ((left + right) / 2 + chance.normal(0, 0.05) * wide, top + chance.normal(0.03, 0.015) * tall)
    size = (0.22 * wide * chance.uniform(0.85, 1.15), 0.05 * tall * chance.uniform(0.85, 1.15))
    shade = chance.uniform(190, 240) + chance.normal(0, 5, 3)
    made = picture.copy()
    eighths = 8  # cv2 draws in eighths of a pixel when told to shift by 3
    cv2.ellipse(
        made,
        (round(middle[0] * eighths), round(middle[1] * eighths)),
        (round(size[0] * eighths), round(size[1] * eighths)),
        chance.normal(0, 8),
        0,
        360,
        [float(each) for each in shade],
        -1,
        cv2.LINE_AA,
        3,
    )
    return made


def lamps(film: Film) -> Problem:
    """A lamp in a corner of the lawn; light of the whole picture varies far more than by it."""
    chance = np.random.default_rng(12)
    region = Region("rectangle", (0.05, 0.5, 0.3, 0.4))
    halves: Halves = ([], [])
    for number, (picture, second) in enumerate(zip(film.pictures, film.seconds, strict=True)):
        half = film.half(second)
        if half is None:
            continue
        lit = bool(chance.random() < 0.5)
        crop = _with_lamp(region.cut(picture), chance, lit=lit)
        halves[half].append(_example(film, crop, second, f"lamp-{number}", lit))
    return Problem("lamp", real=False, halves=halves)


def _with_lamp(crop: Picture, chance: np.random.Generator, *, lit: bool) -> Picture:
    light = np.exp(chance.normal(0, 0.35))
    made = crop.astype(np.float32) * light + chance.normal(0, 8)
    height, width = crop.shape[:2]
    down, across = np.mgrid[0:height, 0:width]
    away = np.hypot(across - 0.62 * width, down - 0.4 * height)
    made[away < 4] = (60, 60, 60)
    if lit:
        glow = np.exp(-((away / 6) ** 2))[..., None] * np.array([40, 120, 150]) * chance.uniform(0.6, 1.2)
        made += glow
    made += chance.normal(0, chance.uniform(2, 10), made.shape)
    return np.asarray(np.clip(np.rint(made), 0, 255), np.uint8)


def _example(film: Film, crop: Picture, second: float, name: str, holds: bool) -> Example:
    return Example(crop.copy(), holds, name, f"{name}:{second:g}", "", film.name, second)


def problems(wanted: list[str]) -> Mapping[str, Callable[[], Problem]]:
    """How each problem is made; those whose film is not there are left out."""
    street: list[Film] = []

    def film() -> Film:
        if not street:
            street.append(read(STREET, 1))
        return street[0]

    def in_street(number: int) -> Problem:
        return somebody(film(), 2, ["street-1", "street-2"])[number]

    made: dict[str, Callable[[], Problem]] = {
        "street-1": lambda: in_street(0),
        "street-2": lambda: in_street(1),
        "hat": lambda: hats(film(), Detector.load(ROOT / "models" / "coco-ssd", threads=2)),
        "lamp": lambda: lamps(film()),
    }
    if HALL.is_file():
        made["one-by-one"] = lambda: somebody(read(HALL, 2), 1, ["one-by-one"])[0]
    return {name: each for name, each in made.items() if not wanted or name in wanted}
