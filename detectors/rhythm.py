"""Rhythm: how long a device is usually quiet between two readings, learned from itself; pure.

Remembered is the longest pause of each day, for MEMORY. What is too long follows from the longest of all. A pause that
was called a silence is put aside: a broken device teaches nothing. The third such one is the device's new habit
(somebody set it to report less often), and is learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

RhythmState = Mapping[str, object]
"""`first`: day of the first pause; `days`: [day, longest pause in s]; `odd`: the same of those put aside."""

MEMORY = 14
"""Days: two weeks, so that a weekend is always among them."""
STRIKES = 3
"""So many silences within MEMORY are a habit."""


def start() -> RhythmState:
    """Nothing is known."""
    return {"first": None, "days": [], "odd": []}


def learn(state: RhythmState, pause: timedelta, at: datetime, *, silence: bool) -> RhythmState:
    """After a pause that ended at `at`; `silence`: it had been told as one."""
    day, seconds = at.toordinal(), pause.total_seconds()
    days = [each for each in _rows(state, "days") if day - each[0] < MEMORY]
    odd = [each for each in _rows(state, "odd") if day - each[0] < MEMORY]
    if silence:
        odd = [*odd, (day, seconds)]
        if len(odd) < STRIKES:
            return {**state, "days": _plain(days), "odd": _plain(odd)}
        seconds, odd = min(each[1] for each in odd), []
    if days and days[-1][0] == day:
        _, before = days.pop()
        seconds = max(before, seconds)
    days = [*days, (day, seconds)]
    first = day if state["first"] is None else state["first"]
    return {"first": first, "days": _plain(days), "odd": _plain(odd)}


def usual(state: RhythmState, *, learn_for: timedelta) -> timedelta | None:
    """The longest usual pause; None until pauses of `learn_for` are known."""
    days, first = _rows(state, "days"), cast("int | None", state["first"])
    if first is None or not days or days[-1][0] - first < learn_for / timedelta(days=1):
        return None
    return timedelta(seconds=max(seconds for _, seconds in days))


def _rows(state: RhythmState, key: str) -> list[tuple[int, float]]:
    return [(int(day), seconds) for day, seconds in cast("Sequence[Sequence[float]]", state[key])]


def _plain(rows: list[tuple[int, float]]) -> list[list[float]]:
    return [[day, round(seconds, 3)] for day, seconds in rows]
