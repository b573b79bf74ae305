"""Cycles: warm spells that come and go by themselves, such as the defrosting of a fridge, learned; pure.

A spell is the time that a value is over a limit (or under it). Spells that ended by themselves within `longest` are
remembered. Once KNOWN of them came in a rhythm, another is *usual*: it may not begin before it is due, last much longer
than the longest of them, or go much further. What is usual is no alarm; the first moment in which it is not, it is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import cast

CyclesState = Mapping[str, object]
"""`spell`: [begin, peak] of the present one or None; `past`: [begin, seconds, peak] of the latest."""

KNOWN = 4
"""Spells before they are a rhythm: three equal distances."""
MOST = 12
"""Spells that are remembered."""
EARLY = 0.6
"""Share of the usual distance after which the next may come."""
SPREAD = 0.25
"""Share of the usual distance by which the middle half of the distances may differ from it."""
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


def usual(state: CyclesState) -> Usual | None:
    """The rhythm; None while there is none."""
    past = cast("Sequence[Sequence[float]]", state["past"])
    if len(past) < KNOWN:
        return None
    steps = [later[0] - earlier[0] for earlier, later in pairwise(past)]
    middle = median(steps)
    if median(abs(each - middle) for each in steps) > SPREAD * middle:
        return None
    return Usual(
        timedelta(seconds=middle),
        timedelta(seconds=LONGER * max(seconds for _, seconds, _ in past)),
        FURTHER * max(peak for _, _, peak in past),
    )


def spared(state: CyclesState, now: datetime) -> Usual | None:
    """The rhythm that the present spell is part of; None without a spell, or when it is none of the usual."""
    spell, known = cast("Sequence[float] | None", state["spell"]), usual(state)
    if spell is None or known is None:
        return None
    past = cast("Sequence[Sequence[float]]", state["past"])
    begin, peak = spell
    due = begin - past[-1][0] >= EARLY * known.every.total_seconds()
    lasting = now.timestamp() - begin <= known.longest.total_seconds()
    return known if due and lasting and peak <= known.furthest else None
