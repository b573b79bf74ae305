"""Courses: how the values of the demo's day run. Pure functions of the seconds since its beginning.

The day is compressed and comes round every ROUND seconds, so that a demo that runs for hours goes on living.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

ROUND = 240.0
"""Seconds until the day's stories come again."""

Course = Callable[[float], float]
Story = tuple[tuple[float, float], ...]


def calm(level: float, swing: float = 0.0, period: float = 90.0) -> Course:
    """A value that only breathes around `level`."""
    return lambda t: level + swing * math.sin(2 * math.pi * t / period)


def told(story: Story) -> Course:
    """Through the points (second, value) of one round, smoothly; the ends join."""

    def value(t: float) -> float:
        t %= ROUND
        points = ((0.0, story[0][1]), *story, (ROUND, story[0][1]))
        for (begin, low), (end, high) in itertools.pairwise(points):
            if begin <= t <= end:
                share = (t - begin) / (end - begin) if end > begin else 1.0
                return low + (high - low) * (1 - math.cos(math.pi * share)) / 2
        return story[0][1]

    return value


def within(*spans: tuple[float, float]) -> Callable[[float], bool]:
    """True during these spans of the round."""
    return lambda t: any(begin <= t % ROUND < end for begin, end in spans)


FRIDGE_WARMS: Story = ((30, 4.0), (50, 9.4), (75, 9.1), (105, 4.2))
"""Left open after the delivery; somebody closes it."""

GAS_LEAKS: Story = ((17, 0.6), (24, 9.0), (34, 21.5), (42, 18.0), (62, 1.2), (70, 0.6))
"""A hose; the window is opened."""

RIVER_RISES: Story = ((35, 2.2), (78, 3.42), (120, 3.3), (150, 2.3), (170, 2.2))
"""Rain upstream."""

DOOR_STANDS_OPEN = within((12, 62))
"""The storeroom's door: the person after hours left it so."""

RAIN_GAUGE_SILENT = within((40, 115))
"""Its battery is loose."""
