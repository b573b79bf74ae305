"""Logistic: the regression behind every taught condition, written plainly: Newton's method over likenesses. Pure.

There are far fewer examples (hundreds) than features (thousands), so weights are sought as sums of examples: all that
is needed of the features is how alike each two examples are (the kernel, n × n). What comes out is exactly what
logistic regression with an L2 penalty over the features would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

STEPS = 40
NEAR = 1e-8
"""The objective falls by less, of an example's worth: done."""
HALVINGS = 12
LEAST = 1e-7
"""Of an example's curvature: one that is long certain still counts a little, so that nothing is divided by zero."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A score is `kernel with the examples @ alpha + offset`; positive where the condition rather holds.

    Attributes:
        alpha: (n,): each example's part of the weights.
        offset: Added to each score.
    """

    alpha: Floats
    offset: float


def fit(kernel: Floats, holds: Truth, share: Floats, ridge: float, start: Fit | None = None) -> Fit:
    """The least of `Σ share × loss + ridge / 2 × |weights|²`; the offset is not penalised.

    Args:
        kernel: (n, n), how alike each two examples are.
        holds: (n,).
        share: (n,), what each counts; positive.
        ridge: Positive: the greater, the more cautious.
        start: Where to begin: the fit for a ridge near by.
    """
    alpha = np.zeros(len(holds)) if start is None else start.alpha
    offset = 0.0 if start is None else start.offset
    scores = kernel @ alpha + offset
    worth = _objective(scores, alpha, offset, holds, share=share, ridge=ridge)
    for _ in range(STEPS):
        p = sigmoid(scores)
        bend = np.maximum(share * p * (1 - p), LEAST * share)
        root = np.sqrt(bend)
        target = scores - share * (p - holds) / bend
        system = root[:, None] * kernel * root[None, :]
        system[np.diag_indices_from(system)] += ridge
        both = np.linalg.solve(system, np.stack([root * target, root], axis=1))
        by_target, by_one = (root[:, None] * both).T
        aim_offset = float(by_target.sum() / by_one.sum())
        aim = by_target - aim_offset * by_one
        step, gained = 1.0, 0.0
        for _ in range(HALVINGS):
            tried, tried_offset = alpha + step * (aim - alpha), offset + step * (aim_offset - offset)
            tried_scores = kernel @ tried + tried_offset
            tried_worth = _objective(tried_scores, tried, tried_offset, holds, share=share, ridge=ridge)
            if tried_worth <= worth:
                gained = worth - tried_worth
                alpha, offset, scores, worth = tried, tried_offset, tried_scores, tried_worth
                break
            step /= 2
        if gained <= NEAR * float(share.sum()):
            break
    return Fit(alpha, offset)


def sigmoid(scores: Floats) -> Floats:
    """0..1, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * scores))


def losses(scores: Floats, holds: Truth) -> Floats:
    """How surprising the truth is to each score: the logarithmic loss."""
    return np.logaddexp(0.0, np.where(holds, -scores, scores))


def balanced(holds: Truth) -> Floats:
    """What each example counts so that both classes count the same, 1 on average."""
    share = np.where(holds, 0.5 / max(1, int(holds.sum())), 0.5 / max(1, int((~holds).sum())))
    return np.asarray(share * len(holds), np.float64)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A probability is `sigmoid(slope × score + offset)` (Platt 1999)."""

    slope: float
    offset: float

    def probability(self, scores: Floats) -> Floats:
        """0..1 for each score."""
        return sigmoid(self.slope * scores + self.offset)


FLATTEST = 0.02
"""Slope, in standard deviations of the scores: those that say nothing come near a half, and are never turned round."""
HOLD_OFFSET = 2.0
"""How firmly the offset is held at 0, in examples: few of them say little about it."""


def calibrate(scores: Floats, holds: Truth, share: Floats) -> Calibration:
    """Slope and offset by which scores of examples that were not learned from become probabilities.

    As Platt does, the truth counts a little less than 1 and more than 0, so that few examples make nothing certain.
    """
    positive, negative = int(holds.sum()), int((~holds).sum())
    target = np.where(holds, (positive + 1) / (positive + 2), 1 / (negative + 2))
    size = float(np.std(scores)) or 1.0
    inputs = np.stack([scores / size, np.ones_like(scores)], axis=1)
    found = np.array([1.0, 0.0])
    penalty = np.array([1e-6, HOLD_OFFSET])
    worth = _platt(inputs, found, target, share, penalty)
    for _ in range(STEPS):
        p = sigmoid(inputs @ found)
        slope = inputs.T @ (share * (p - target)) + penalty * found
        bend = inputs.T @ (inputs * (share * p * (1 - p))[:, None]) + np.diag(penalty + 1e-9)
        step = np.linalg.solve(bend, slope)
        size_of, tried, tried_worth = 1.0, found, worth
        for _ in range(HALVINGS):
            tried = found - size_of * step
            tried_worth = _platt(inputs, tried, target, share, penalty)
            if tried_worth <= worth:
                break
            size_of /= 2
        else:
            break
        gained, found, worth = worth - tried_worth, tried, tried_worth
        if gained <= NEAR:
            break
    return Calibration(max(float(found[0]), FLATTEST) / size, float(found[1]))


def _platt(inputs: Floats, found: Floats, target: Floats, share: Floats, penalty: Floats) -> float:
    scores = inputs @ found
    loss = np.logaddexp(0.0, scores) - target * scores
    return float((share * loss).sum() + 0.5 * (penalty * found * found).sum())


def _objective(
    scores: Floats, alpha: Floats, offset: float, holds: Truth, *, share: Floats, ridge: float
) -> float:
    penalty = 0.5 * ridge * float(alpha @ (scores - offset))
    return float((share * losses(scores, holds)).sum()) + penalty
