"""Folds: examples in parts, each tested by what was learned of the others, with time between them. Pure.

Two pictures a second apart are nearly one picture: tested by its neighbour, a model looks better than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.teach.example import Example

MANY = 5
GAP = 10.0
"""Seconds between what is learned and what is tested, where the examples allow it."""
KEPT = 0.5
"""Of each class so much is left to learn from, or the gap is halved."""
SHORTEST = 0.1
"""Seconds; a shorter gap is none."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fold:
    """One part.

    Attributes:
        test: Rows that are tested.
        train: Rows that are learned from: all others that are far enough in time.
        gap: Seconds between the two on each clip's clock; 0 where no time is known or the examples are too near.
    """

    test: Rows
    train: Rows
    gap: float


def folds(examples: Sequence[Example], *, many: int = MANY, gap: float = GAP) -> tuple[Fold, ...]:
    """Parts that follow each other in time, each with examples of both classes.

    At least two examples of each class are needed. Where a time is missing, the order of the examples stands for it.
    """
    holds = np.array([each.holds for each in examples])
    clocked = all(each.second is not None for each in examples)
    clips = np.unique([each.clip for each in examples], return_inverse=True)[1]
    seconds = np.array([each.second or 0.0 for each in examples])
    order = np.lexsort((seconds, clips)) if clocked else np.arange(len(examples))
    classes = [order[holds[order] == which] for which in (False, True)]
    parts = max(2, min(many, *(len(each) for each in classes)))
    blocks = [np.array_split(each, parts) for each in classes]
    found = []
    for number in range(parts):
        test = np.concatenate([each[number] for each in blocks])
        rest = np.concatenate([each for of in blocks for n, each in enumerate(of) if n != number])
        near = _distance(clips, seconds, rest, test) if clocked else np.full(len(rest), np.inf)
        apart = gap if clocked else 0.0
        while apart and not _enough(holds[rest], near >= apart):
            apart = apart / 2 if apart / 2 >= SHORTEST else 0.0
        found.append(Fold(np.sort(test), np.sort(rest[near >= apart]), apart))
    return tuple(found)


def _distance(
    clips: NDArray[np.intp], seconds: NDArray[np.float64], rest: Rows, test: Rows
) -> NDArray[np.float64]:
    """Of each of `rest` the seconds to the nearest of `test` in the same clip."""
    away = np.abs(seconds[rest][:, None] - seconds[test][None, :])
    away[clips[rest][:, None] != clips[test][None, :]] = np.inf
    nearest: NDArray[np.float64] = away.min(axis=1)
    return nearest


def _enough(holds: NDArray[np.bool_], kept: NDArray[np.bool_]) -> bool:
    return all(
        int((kept & (holds == which)).sum()) >= max(1, KEPT * int((holds == which).sum()))
        for which in (False, True)
    )
