"""Clock: how far a device's own clock is off, told from what it says and when that arrives. Pure.

A clock that is ahead or was never set gives itself away at once: nothing is true before it was sent. One that is behind
looks like history (a back-fill); it is told apart by its pace: a clock that is behind is always behind by the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeGuard

from ingest.interpret import EARLIEST, FRESH, SKEW

Fault = Literal["", "clock-unset", "clock-ahead", "clock-behind"]
"""clock-unset: before 2010 (1970, 2000); clock-ahead: in the future, 2106 too; clock-behind: late by a constant."""

ALIKE = timedelta(minutes=2)
"""Messages late by the same, give or take this, are one clock's."""
SPAN = timedelta(minutes=2)
"""Over which they must have arrived: a burst of history is shorter, or its lateness shrinks."""
MANY = 3
"""Messages that it takes."""


class Clock(NamedTuple):
    """What is known of one device's clock.

    Attributes:
        fault: Empty while nothing is wrong.
        error: Device time minus arrival, of the last message that told; None before the first.
        late_since: Arrival of the first of the messages that are late by the same, or None.
        late: How many they are.
        least: The least lateness among them.
        most: The most.
    """

    fault: Fault = ""
    error: timedelta | None = None
    late_since: datetime | None = None
    late: int = 0
    least: timedelta = timedelta(0)
    most: timedelta = timedelta(0)


UNKNOWN = Clock()


def after(clock: Clock, told: datetime, received_at: datetime) -> Clock:
    """What is known after a message, not a retained one, whose newest value the device says was true at `told`."""
    error = told - received_at
    if told < EARLIEST:
        return Clock("clock-unset", error)
    if error > SKEW:
        return Clock("clock-ahead", error)
    if -error <= FRESH:
        return Clock("", error)
    late = -error
    least, most = min(clock.least, late), max(clock.most, late)
    if clock.late_since is None or most - least > ALIKE:
        # history as it may be: what was known of the clock stays known
        return Clock(clock.fault, clock.error, received_at, 1, late, late)
    many = clock.late + 1
    proven = many >= MANY and received_at - clock.late_since >= SPAN
    fault: Fault = "clock-behind" if proven else clock.fault
    return Clock(fault, error if proven else clock.error, clock.late_since, many, least, most)


def is_fault(reason: str) -> TypeGuard[Fault]:
    """Whether the reason of a device's state is a fault of its clock."""
    return reason in {"clock-unset", "clock-ahead", "clock-behind"}


def seconds(error: timedelta) -> float:
    """Device time minus arrival as the API shows it: to a tenth of a second."""
    return round(error.total_seconds(), 1)
