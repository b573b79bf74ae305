"""Trend: a straight line through the latest values that no single bad value bends, and how far to trust it; pure.

The slope is the median of the slopes of all pairs (Theil 1950, Sen 1968): up to 29 % of the values may be anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

FEWEST = 5
"""Points, without which there is no line."""
DEPENDENT = 2.0
"""How many times the slope is less certain than for independent errors: readings follow one another closely."""
TURNS = 0.3
"""Standard deviation of what a slope will be, as a share of what it was: a warming fridge warms more and more slowly,
an opened door is closed again."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A line.

    Attributes:
        at: Middle of the points (seconds).
        value: The line there.
        slope: Per second.
        spread: Standard deviation of the points about the line (robust).
        error: Standard error of the slope.
    """

    at: float
    value: float
    slope: float
    spread: float
    error: float

    def value_at(self, at: float) -> float:
        """The line at an instant."""
        return self.value + self.slope * (at - self.at)

    def deviation_at(self, at: float, ahead: float) -> float:
        """Standard deviation of a value `ahead` seconds after `at`."""
        far = self.error * (at + ahead - self.at)
        turn = TURNS * self.slope * ahead
        return math.sqrt(self.spread**2 + far**2 + turn**2)

    def chance_over(self, limit: float, at: float, ahead: float) -> float:
        """How likely the value is over `limit`, `ahead` seconds after `at`: 0..1."""
        over, deviation = self.value_at(at + ahead) - limit, self.deviation_at(at, ahead)
        if deviation == 0:
            return 1.0 if over > 0 else 0.0
        return 0.5 * (1 + math.erf(over / deviation / math.sqrt(2)))


def fit(points: Sequence[tuple[float, float]], *, grain: float) -> Trend | None:
    """The line through (seconds, value) points; None for fewer than FEWEST or when they span no time.

    `grain` is the least spread that is believed: a sensor that rounds to 0.1 is not exact because it repeats itself.
    """
    if len(points) < FEWEST or points[-1][0] <= points[0][0]:
        return None
    slope = median((v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in combinations(points, 2) if t2 > t1)
    middle = sum(at for at, _ in points) / len(points)
    value = median(v - slope * (at - middle) for at, v in points)
    spread = max(1.4826 * median(abs(v - value - slope * (at - middle)) for at, v in points), grain)
    wide = math.sqrt(sum((at - middle) ** 2 for at, _ in points))
    return Trend(middle, value, slope, spread, DEPENDENT * spread / wide)
