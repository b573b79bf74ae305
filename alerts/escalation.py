"""Escalation: whom to tell next when nobody acknowledges; pure.

A chain is a list of steps, each with its time since the incident came (or since its acknowledgement ended). It
runs while the incident is open, not acknowledged, not judged false, not muted, and its case, if it has one, is not
over. Which step was told stands in the ledger; what comes next follows from that and from the time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.route import Facts, Match
from alerts.working_time import Calendar

During = Literal["always", "working", "off"]
"""When a chain holds: always, in the working hours of the place's calendar, or outside them."""

DUTY = "duty"
"""Instead of a roster, unit or user: whoever is on duty nearest to the place."""

Stop = Literal["cleared", "settled", "no-chain", "seen", "covered"]
"""Why nothing more is told; settled: judged false, or its case is over; covered: somebody is in the room."""

MUTED_AGAIN = timedelta(minutes=1)
"""How often is looked whether a silence or a root cause has let go of an incident."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        after: Time since the incident came, or since its acknowledgement ended.
        to: Id of a roster, a unit or a user, or DUTY.
        channels: Ids of the channels; empty: those of the shift.
    """

    after: timedelta
    to: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is told in which order; the first chain that matches holds."""

    id: str
    match: Match
    steps: tuple[Step, ...]
    during: During = "always"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands when it is looked at.

    Attributes:
        open: It has not cleared.
        acknowledged: Somebody has seen it, and that still counts.
        settled: Judged false, or its case is over.
        muted: A silence, a root cause or a greater incident keeps it from being told of.
    """

    open: bool = True
    acknowledged: bool = False
    settled: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """A step is due: tell it, and look again at `next_at` (None: it was the last)."""

    step: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`; None: until an acknowledgement ends, which begins the chain anew."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more will be told."""

    why: Stop


def choose(
    chains: Iterable[Chain],
    facts: Facts,
    path: Callable[[str], tuple[str, ...]],
    *,
    working: Callable[[], bool],
) -> Chain | None:
    """The first chain that matches and holds now; `working` is asked only by chains that need it."""
    for chain in chains:
        if chain.match.holds(facts, path) and (
            chain.during == "always" or working() == (chain.during == "working")
        ):
            return chain
    return None


def decide(
    chain: Chain | None, standing: Standing, *, since: datetime, told: int, now: datetime
) -> Tell | Wait | End:
    """What is to be done with a chain that began at `since` and whose first `told` steps were told."""
    if not standing.open:
        return End("cleared")
    if standing.settled:
        return End("settled")
    if standing.acknowledged:
        return Wait(None)
    if standing.muted:
        return Wait(now + MUTED_AGAIN)
    if chain is None:
        return End("no-chain")
    if told >= len(chain.steps):
        return Wait(None)
    due = since + chain.steps[told].after
    if now < due:
        return Wait(due)
    return Tell(told, since + chain.steps[told + 1].after if told + 1 < len(chain.steps) else None)


def another(wanted: Iterable[str], used: Iterable[str]) -> tuple[str, ...]:
    """The channels that were not used yet; all of them when every one was: told twice is better than not."""
    each = tuple(dict.fromkeys(wanted))
    fresh = tuple(channel for channel in each if channel not in set(used))
    return fresh or each


def working_now(calendar: Calendar, now: datetime) -> bool:
    """Whether `now` lies in the opening hours of a working day."""
    local = now.astimezone(calendar.zone)
    since_midnight = timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    return calendar.works(local.date()) and any(
        start <= since_midnight < end for start, end in calendar.hours
    )
