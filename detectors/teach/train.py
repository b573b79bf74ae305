"""Train: examples become a head, and figures of how right it is. Takes seconds to a minute; no clock, no file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.teach.augment import changed
from detectors.teach.example import LEAST, MOST, Example, doubts
from detectors.teach.features import Features, fitted
from detectors.teach.figures import (
    Threshold,
    balanced_accuracy,
    calibration_error,
    recalls,
    threshold,
    worst,
)
from detectors.teach.folds import GAP, Fold, Rows, folds
from detectors.teach.head import Head, Part, directions, spread
from detectors.teach.logistic import Calibration, Fit, Floats, Truth, balanced, calibrate, fit, losses
from detectors.teach.region import Picture
from ingest.errors import InvalidInput

COPIES = 5
"""Changed looks of each example (augment.py), fewer where there are many examples."""
ROWS = 900
"""Examples and copies together."""
PRECISION = 0.9

RIDGES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
USUAL_RIDGE = 0.1
AS_GOOD = 0.01
"""Of logarithmic loss for each example: what is so little better may be so by chance."""
RECIPES: Mapping[str, Mapping[str, float]] = {
    "all": {"looks": 0.1, "texture": 0.15, "parts": 0.25, "whole": 0.25, "things": 0.25},
    "things": {"parts": 0.3, "whole": 0.2, "things": 0.5},
    "looks": {"looks": 0.4, "texture": 0.35, "parts": 0.25},
}
"""What each block counts: for what a detector knows by name, for light and surfaces, and for all between."""

Kernels = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Figures:
    """How right it was on each example, learned without it and its neighbours in time.

    Attributes:
        balanced_accuracy: The mean of the next two: 0.5 by guessing.
        found: Share of the examples in which it holds with a probability of a half or more.
        left_alone: Share of the others with less.
        calibration_error: ECE, ten bins.
        threshold: For the wanted precision.
        folds: How many parts.
        gap: Seconds between what was learned and what was tested, the least of all parts; 0: times are not known.
        recipe: Which blocks count how much (RECIPES), chosen by these same parts.
        ridge: How cautious, chosen likewise.
    """

    balanced_accuracy: float
    found: float
    left_alone: float
    calibration_error: float
    threshold: Threshold
    folds: int
    gap: float
    recipe: str
    ridge: float


@dataclass(frozen=True, slots=True)
class Taught:
    """A head with its figures.

    Attributes:
        head: What was learned of all examples.
        figures: As above.
        examples: Those that were used.
        probabilities: (n,): of each of them, learned without it.
        worst: Indices of the surest mistakes.
        doubts: Why the figures may be too good.
        parts: In which they were tested.
        rows: Examples and their changed looks.
    """

    head: Head
    figures: Figures
    examples: tuple[Example, ...]
    probabilities: Floats
    worst: tuple[int, ...]
    doubts: tuple[str, ...]
    parts: tuple[Fold, ...]
    rows: int


def teach(
    examples: Sequence[Example],
    look: Callable[[Sequence[Picture]], Features],
    *,
    seed: int = 0,
    flips: bool = False,
    gap: float = GAP,
    precision: float = PRECISION,
    say: Callable[[str], None] = lambda _: None,
) -> Taught:
    """Learn; the same examples and seed give the same head on the same machine.

    Args:
        examples: Both classes, LEAST of each at least; InvalidInput otherwise.
        look: The backbone's features of crops in its own size.
        seed: Of the changed looks.
        flips: Whether left and right may change places (upper bodies).
        gap: Seconds wanted between what is learned and what is tested.
        precision: Wanted of the threshold.
        say: Told what is going on, a line at a time.
    """
    used = _thinned(examples)
    holds = np.array([each.holds for each in used])
    copies = max(0, min(COPIES, ROWS // len(used) - 1))
    chance = np.random.default_rng(seed)
    pictures = [fitted(each.picture) for each in used]
    looks = [changed(each, chance, flips=flips) for _ in range(copies) for each in pictures]
    say(f"looking at {len(used)} examples and {len(looks)} changed copies of them")
    features = look([*pictures, *looks])
    origin = np.tile(np.arange(len(used)), copies + 1)
    parts = folds(used, gap=gap)
    say(f"learning in {len(parts)} parts, each tested by what was learned of the others")
    recipe, ridge, scores = _chosen(features, holds, origin, parts)
    share = balanced(holds)
    calibration = calibrate(scores, holds, share)
    say("learning from all of them")
    head = _head(
        features,
        holds[origin],
        balanced(holds[origin]) / (copies + 1),
        recipe=recipe,
        ridge=ridge,
        calibration=calibration,
    )
    p = _apart(scores, holds, parts)
    found, left_alone = recalls(p, holds)
    figures = Figures(
        balanced_accuracy(p, holds),
        found,
        left_alone,
        calibration_error(p, holds),
        threshold(p, holds, precision),
        len(parts),
        min(each.gap for each in parts),
        recipe,
        ridge,
    )
    return Taught(head, figures, used, p, tuple(worst(p, holds)), doubts(used), parts, len(origin))


def _thinned(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Not more than MOST of each class, in their order; InvalidInput when there are too few."""
    chosen: set[int] = set()
    for which, word in ((True, "yes"), (False, "no")):
        of = [index for index, each in enumerate(examples) if each.holds is which]
        if len(of) < LEAST:
            raise InvalidInput(
                f"{len(of)} examples of {word!r}, at least {LEAST} are needed",
                where="examples",
                mend="collect more, 40 of each are a good beginning",
            )
        at = np.linspace(0, len(of) - 1, min(MOST, len(of))).round().astype(int)
        chosen.update(of[each] for each in at)
    return tuple(each for index, each in enumerate(examples) if index in chosen)


def _kernels(features: Features, train: Rows, test: Rows) -> Kernels:
    """Of each block how alike learned rows are to each other, and tested rows to them; scaled by what is learned."""
    found: Kernels = {}
    for name, rows in features.items():
        mean, scale = spread(rows[train])
        known = directions(rows[train], mean, scale)
        found[name] = (known @ known.T, directions(rows[test], mean, scale) @ known.T)
    return found


def _mixed(kernels: Kernels, recipe: str, which: int) -> Floats:
    parts = [share * kernels[name][which].astype(np.float64) for name, share in RECIPES[recipe].items()]
    return np.asarray(np.sum(parts, axis=0), np.float64)


def _chosen(
    features: Features, holds: Truth, origin: Rows, parts: Sequence[Fold]
) -> tuple[str, float, Floats]:
    """The recipe and ridge that surprise least, and the scores that each example got without itself.

    Of those that are as good, the most usual.
    """
    scores = {(recipe, ridge): np.zeros(len(holds)) for recipe in RECIPES for ridge in RIDGES}
    for part in parts:
        train = np.flatnonzero(np.isin(origin, part.train))
        kernels = _kernels(features, train, part.test)
        truth = holds[origin[train]]
        share = balanced(truth) * len(part.train) / len(train)
        for recipe in RECIPES:
            known, asked = (_mixed(kernels, recipe, which) for which in (0, 1))
            start: Fit | None = None
            for ridge in RIDGES:
                start = fit(known, truth, share, ridge, start)
                scores[recipe, ridge][part.test] = asked @ start.alpha + start.offset
    share = balanced(holds)

    def surprise(key: tuple[str, float]) -> float:
        calibration = calibrate(scores[key], holds, share)
        logits = calibration.slope * scores[key] + calibration.offset
        return float((share * losses(logits, holds)).sum())

    found = {key: surprise(key) for key in scores}
    near = min(found.values()) + AS_GOOD * float(share.sum())
    order = list(RECIPES)
    recipe, ridge = min(
        (key for key, each in found.items() if each <= near),
        key=lambda key: (order.index(key[0]), abs(math.log(key[1] / USUAL_RIDGE))),
    )
    return recipe, ridge, scores[recipe, ridge]


def _head(
    features: Features, holds: Truth, share: Floats, *, recipe: str, ridge: float, calibration: Calibration
) -> Head:
    """Learned of all rows; the calibration is folded into the weights."""
    kinds = RECIPES[recipe]
    everything = np.arange(len(holds))
    kernels = _kernels({name: features[name] for name in kinds}, everything, everything[:0])
    found = fit(_mixed(kernels, recipe, 0), holds, share, ridge)
    parts = {}
    for name, part in kinds.items():
        mean, scale = spread(features[name])
        known = directions(features[name], mean, scale).astype(np.float64)
        weights = calibration.slope * part * (found.alpha @ known)
        parts[name] = Part(mean, scale, weights.astype(np.float32))
    return Head(parts, calibration.slope * found.offset + calibration.offset)


def _apart(scores: Floats, holds: Truth, parts: Sequence[Fold]) -> Floats:
    """Probabilities of each part by the calibration of the others, so that the figures are not of what was fitted."""
    p = np.zeros(len(scores))
    for part in parts:
        others = np.ones(len(scores), np.bool_)
        others[part.test] = False
        known = calibrate(scores[others], holds[others], balanced(holds[others]))
        p[part.test] = known.probability(scores[part.test])
    return p
