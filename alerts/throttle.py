"""Throttle: how often something may happen, told by one moment per key; pure.

The moment is when everything that was let in so far would have come at an even pace. Once it has passed it says nothing
any more, so whoever stores it may forget it then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` at once, and one more every `every`."""

    burst: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Let:
    """Let in: `until` is to be stored. Not let in: `wait` says how long, and nothing is stored."""

    until: datetime | None
    wait: timedelta = timedelta(0)


def let_in(pace: Pace, until: datetime | None, now: datetime) -> Let:
    """Whether one more may come; `until` is what was stored, None for nothing."""
    after = max(until or now, now) + pace.every
    over = after - (now + pace.every * pace.burst)
    return Let(None, over) if over > timedelta(0) else Let(after)
