"""Drift: whether a taught region still looks as it did when it was taught. Pure.

Several recent crops become one (their median), so that who passes by is not in it. Moved: its edges lie beside where
they were. Gone: they are nowhere. Drifted: it is darker, flatter, softer or of another colour than any example was.

Limits: crops of a fixed region only; a region without edges (a bare wall) tells nothing of a move; a move by less than
a sixteenth of the region is not seen, one by more than a fifth is told as gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.sketch import likeness
from detectors.teach.folds import Fold
from detectors.teach.region import Picture
from ingest.text import Text

SIZE = 64
"""Pixels on each side of the small picture that is kept: too few to know anybody by."""
REACH = 13
"""Pixels either way in which the usual view is looked for: a fifth of the region."""
LEAST_SHIFT = 4
"""Pixels: a sixteenth of the region."""
FOUND = 0.45
"""Likeness of edges from which the usual view was found again."""
BETTER = 0.12
"""By so much it must fit better beside its place."""
STEADY = 0.5
"""Likeness to the usual view that nearly every example has where a move can be told at all."""
LOST = 0.5
"""Share of the examples' own likeness below which the usual view is gone."""
BEYOND = 0.5
"""Of the range of all examples: so far below the lowest or above the highest is not what was taught."""
TOGETHER = 5
"""Crops in one judgement, when false warnings are counted."""

Grey = NDArray[np.uint8]
Edges = NDArray[np.float32]

LOOKS: Mapping[str, tuple[float, Text, Text]] = {
    "brightness": (25.0, Text("变暗", "darker"), Text("变亮", "brighter")),
    "contrast": (12.0, Text("对比度降低", "flatter"), Text("对比度升高", "of more contrast")),
    "sharpness": (4.0, Text("变模糊", "softer"), Text("变锐利", "sharper")),
    "colour": (15.0, Text("颜色变淡", "paler"), Text("颜色变浓", "more colourful")),
    "warmth": (15.0, Text("偏冷色", "bluer"), Text("偏暖色", "redder")),
}
"""What is compared: how far (of 255) beyond all examples it may always be, and the words for less and for more."""


@dataclass(frozen=True, slots=True)
class Look:
    """One of LOOKS over all examples: the lowest and the highest."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Usual:
    """How the region looked when it was taught.

    Attributes:
        grey: uint8 (64, 64): the median of the examples.
        steady: Likeness of edges to it that all but a twentieth of the examples have.
        looks: By the words of LOOKS.
    """

    grey: Grey
    steady: float
    looks: Mapping[str, Look]


@dataclass(frozen=True, slots=True)
class Change:
    """What a judgement came to.

    Attributes:
        moved: True: beside its place or gone. None: the region has too few edges to tell.
        shift: Right and down, in shares of the region; (0, 0) when it was not found beside its place.
        likeness: Of edges, where it was found best.
        drifted: Which of LOOKS left what the examples were.
        what: For people; None when there is nothing to say.
    """

    moved: bool | None
    shift: tuple[float, float]
    likeness: float
    drifted: tuple[str, ...]
    what: Text | None

    @property
    def warns(self) -> bool:
        """Whether somebody should look, and teach again."""
        return self.moved is True or bool(self.drifted)


def usual(pictures: Sequence[Picture]) -> Usual:
    """Of the crops of all examples; at least one."""
    greys = np.stack([_grey(each) for each in pictures])
    grey = np.median(greys, axis=0).astype(np.uint8)
    known = _edges(grey)
    alike = [likeness(_edges(each), known) for each in greys]
    rows = [_looks(each) for each in pictures]
    looks = {}
    for name in LOOKS:
        values = [row[name] for row in rows]
        looks[name] = Look(min(values), max(values))
    return Usual(grey, float(np.percentile(alike, 5)), looks)


def judge(known: Usual, recent: Sequence[Picture]) -> Change:
    """Whether recent crops, at least one, still look as usual; five or more leave passers-by out."""
    now = _edges(np.median(np.stack([_grey(each) for each in recent]), axis=0).astype(np.uint8))
    here, best, right, down = _found(_edges(known.grey), now)
    shift, moved = (0.0, 0.0), None
    what: list[Text] = []
    if known.steady >= STEADY:
        beside = max(abs(right), abs(down)) >= LEAST_SHIFT and best >= FOUND and best >= here + BETTER
        moved = beside or best < LOST * known.steady
        if beside:
            shift = (right / SIZE, down / SIZE)
            share = max(abs(shift[0]), abs(shift[1]))
            what.append(
                Text(
                    f"画面偏移约 {share:.0%}（按区域）", f"it lies {share:.0%} of the region beside its place"
                )
            )
        elif moved:
            what.append(Text("找不到原来的画面", "its usual view is not found"))
    rows = [_looks(each) for each in recent]
    drifted = []
    for name, (always, less, more) in LOOKS.items():
        look, value = known.looks[name], float(np.median([row[name] for row in rows]))
        beyond = max(always, BEYOND * (look.high - look.low))
        if not look.low - beyond <= value <= look.high + beyond:
            drifted.append(name)
            what.append(less if value < look.low else more)
    said = None
    if what:
        said = Text(
            f"与示教时不同：{'，'.join(each.zh for each in what)}；请检查摄像机或重新示教",
            f"not as it was taught: {', '.join(each.en for each in what)}; look at the camera, or teach again",
        )
    return Change(moved, shift, best, tuple(drifted), said)


def false_warnings(pictures: Sequence[Picture], parts: Sequence[Fold]) -> tuple[int, int]:
    """How often the examples themselves would have warned, each part judged by the others; and how often asked."""
    warned = judged = 0
    for part in parts:
        known = usual([pictures[int(row)] for row in part.train])
        for begin in range(0, len(part.test), TOGETHER):
            recent = [pictures[int(row)] for row in part.test[begin : begin + TOGETHER]]
            judged += 1
            warned += judge(known, recent).warns
    return warned, judged


def _found(before: Edges, now: Edges) -> tuple[float, float, int, int]:
    """How alike in place, how alike where it fits best, and by how many pixels that is to the right and down."""
    middle = np.ascontiguousarray(now[REACH : SIZE - REACH, REACH : SIZE - REACH])
    if float(middle.std()) < 1e-3 or float(before.std()) < 1e-3:
        return 0.0, 0.0, 0, 0
    fits = cast("Edges", cv2.matchTemplate(before, middle, cv2.TM_CCOEFF_NORMED))
    row, column = np.unravel_index(int(np.argmax(fits)), fits.shape)
    return float(fits[REACH, REACH]), float(fits.max()), REACH - int(column), REACH - int(row)


def small(picture: Picture) -> Picture:
    """What is compared of a crop, (64, 64, 3); of what is so small already, itself."""
    return np.asarray(cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _grey(picture: Picture) -> Grey:
    return np.asarray(cv2.cvtColor(small(picture), cv2.COLOR_BGR2GRAY), np.uint8)


def _edges(grey: Grey) -> Edges:
    """As sketch.py makes them: a logarithm, so that one strong edge does not outweigh all others."""
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.25)
    return cast("Edges", np.log1p(cv2.blur(cv2.magnitude(across, down), (3, 3))))


def _looks(picture: Picture) -> dict[str, float]:
    shrunk = small(picture)
    grey = cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY)
    channels = shrunk.astype(np.float32)
    return {
        "brightness": float(np.mean(grey)),
        "contrast": float(np.std(grey)),
        "sharpness": float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()),
        "colour": float((channels.max(axis=2) - channels.min(axis=2)).mean()),
        "warmth": float((channels[..., 2] - channels[..., 0]).mean()),
    }
