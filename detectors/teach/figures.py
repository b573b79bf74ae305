"""Figures: how right a taught condition is on examples it did not learn from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.teach.logistic import Floats, Truth, balanced

BINS = 10
LOWEST, HIGHEST = 0.5, 0.99
"""Thresholds that are set: below a half the other answer is the likelier one."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which probability on the condition is said to hold.

    Attributes:
        value: 0.5 to 0.99.
        wanted: The precision that was asked for.
        precision: Of what is at or above `value`, the share in which it holds; None when nothing is.
        recall: Of what it holds in, the share at or above `value`.
        reached: Whether the precision is what was wanted.
    """

    value: float
    wanted: float
    precision: float | None
    recall: float
    reached: bool


def recalls(p: Floats, holds: Truth, limit: float = 0.5) -> tuple[float, float]:
    """Share of the examples in which it holds that are found, and of the others that are left alone."""
    said = p >= limit
    return _share(said[holds]), _share(~said[~holds])


def balanced_accuracy(p: Floats, holds: Truth, limit: float = 0.5) -> float:
    """The mean of both: a half by guessing, however rare the condition is."""
    return float(np.mean(recalls(p, holds, limit)))


def calibration_error(p: Floats, holds: Truth) -> float:
    """ECE: by how much probabilities differ from what then is true, in ten bins, both classes counting the same."""
    share = balanced(holds)
    bins = np.minimum((p * BINS).astype(np.intp), BINS - 1)
    gaps = [abs(float((share * (holds - p))[bins == each].sum())) for each in range(BINS)]
    return sum(gaps) / float(share.sum())


def threshold(p: Floats, holds: Truth, wanted: float) -> Threshold:
    """The lowest threshold with the wanted precision, both classes being as common; else the best there is."""
    share = balanced(holds)
    values = np.unique(np.concatenate([[LOWEST], p[(p >= LOWEST) & (p <= HIGHEST)]]))
    best: Threshold | None = None
    for index, value in enumerate(values):
        # Between this example and the next lower one: what is as sure as this one is to be found again.
        lower = values[index - 1] if index else value
        limit = float((value + lower) / 2)
        said = p >= limit
        total = float(share[said].sum())
        precision = float(share[said & holds].sum()) / total if total else None
        here = Threshold(
            round(limit, 4), wanted, precision, _share(said[holds]), (precision or 0.0) >= wanted
        )
        if here.reached:
            return here
        if best is None or (precision or 0.0) > (best.precision or 0.0):
            best = here
    return best or Threshold(LOWEST, wanted, None, 0.0, reached=False)


def worst(p: Floats, holds: Truth, most: int = 8) -> Sequence[int]:
    """The examples that were got wrong, the surest mistakes first."""
    wrong = np.flatnonzero((p >= 0.5) != holds)
    return [int(each) for each in wrong[np.argsort(-np.abs(p[wrong] - 0.5), kind="stable")][:most]]


def _share(said: NDArray[np.bool_]) -> float:
    return float(said.mean()) if len(said) else 0.0
