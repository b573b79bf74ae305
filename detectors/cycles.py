"""Cycles: warm spells that come and go by themselves, such as the defrosting of a fridge, learned; pure.

A spell is the time that a value is over a limit (or under it). Spells that ended by themselves within `longest` are
remembered. One is *usual* when three earlier ones lie at even distances before it (others in between, such as a door
that was open, do not matter), as long as it does not last much longer than the longest of those or go much further.
What is usual is no alarm; the first moment in which it is not, it is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

CyclesState = Mapping[str, object]
"""`spell`: [begin, peak] of the present one or None; `past`: [begin, seconds, peak] of the latest."""

KNOWN = 3
"""Earlier spells that make a rhythm."""
MOST = 24
"""Spells that are remembered."""
EVEN = 0.1
"""Share of the distance by which an earlier spell may have come sooner or later."""
LONGER = 1.5
"""Times the longest known."""
FURTHER = 1.25
"""Times the furthest known, counted from the limit."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What was learned.

    Attributes:
        every: From the beginning of one to the beginning of the next.
        longest: How long one may last.
        furthest: How far beyond the limit it may go.
    """

    every: timedelta
    longest: timedelta
    furthest: float


def start() -> CyclesState:
    """Nothing is known."""
    return {"spell": None, "past": []}


def learn(state: CyclesState, beyond: float, at: datetime, *, longest: timedelta) -> CyclesState:
    """After a value.

    Args:
        state: Before it.
        beyond: How far the value is beyond the limit; 0 or less: it is not.
        at: When it was true.
        longest: A longer spell is no cycle: it teaches nothing.
    """
    spell = cast("Sequence[float] | None", state["spell"])
    now, past = at.timestamp(), list(cast("Sequence[Sequence[float]]", state["past"]))
    if beyond > 0 and spell is not None:
        return {**state, "spell": [spell[0], max(spell[1], beyond)]}
    if beyond > 0:
        # Soon after another it is the same one: a value that wavers about the limit makes no spells of its own.
        if past and now - (past[-1][0] + past[-1][1]) < longest.total_seconds():
            begin, _, peak = past.pop()
            return {"spell": [begin, max(peak, beyond)], "past": past}
        return {**state, "spell": [now, beyond]}
    if spell is None:
        return state
    seconds = now - spell[0]
    if seconds <= longest.total_seconds():
        past = [*past, [spell[0], seconds, spell[1]]][-MOST:]
    return {"spell": None, "past": past}


def usual(state: CyclesState, begin: float) -> Usual | None:
    """The rhythm that a spell which began at `begin` (seconds since 1970) is part of; None when it is of none."""
    past = cast("Sequence[Sequence[float]]", state["past"])
    for earlier in reversed(past):
        step = begin - earlier[0]
        found = [_near(past, begin - step * n, EVEN * step) for n in range(1, KNOWN + 1)]
        known = [each for each in found if each is not None]
        if len(known) == KNOWN:
            return Usual(
                timedelta(seconds=step),
                timedelta(seconds=LONGER * max(seconds for _, seconds, _ in known)),
                FURTHER * max(peak for _, _, peak in known),
            )
    return None


def _near(past: Sequence[Sequence[float]], at: float, within: float) -> Sequence[float] | None:
    """The spell that began nearest to an instant; None when none did within that time."""
    nearest = min(past, key=lambda each: abs(each[0] - at))
    return nearest if abs(nearest[0] - at) <= within else None


def spared(state: CyclesState, now: datetime) -> Usual | None:
    """The rhythm that the present spell is part of; None without a spell, or when it is none of the usual."""
    spell = cast("Sequence[float] | None", state["spell"])
    known = None if spell is None else usual(state, spell[0])
    if spell is None or known is None:
        return None
    lasting = now.timestamp() - spell[0] <= known.longest.total_seconds()
    return known if lasting and spell[1] <= known.furthest else None
