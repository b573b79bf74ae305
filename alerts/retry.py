"""Retry: when to try again, and when to give up; the same for event webhooks and for the channels of notices.

Pure: what was tried, how it went and the time come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.channel import Outcome

SLOWEST = timedelta(minutes=5)
"""Between two tries of a receiver that is away."""
REFUSED_FIRST = timedelta(minutes=1)
"""Before the second try of an event that its receiver refused: a person has to mend something."""
REFUSED_SLOWEST = timedelta(minutes=15)
REFUSED_TRIES = 8
"""Tries of an event that is refused for good: after 1, 2, 4, 8, 15, 15 and 15 minutes, an hour in all. A deployment of
the receiver that goes wrong is mended or taken back in that time; more would hold up everything behind it."""
AWAY = timedelta(days=7)
"""How long an event is kept for a receiver that is away: over a long holiday, and well within `keep_events`."""
NOTICE = timedelta(hours=24)
"""How long a notice is tried: a day later it is news to nobody, and what is still open was told again meanwhile."""
WINDOW = timedelta(seconds=61)
"""A robot's minute, and a second because its clock is not ours."""


def pause(attempts: int, outcome: Outcome) -> timedelta:
    """How long to wait after this many failed attempts (from 1): doubling from 1 s, or as the receiver asks."""
    first, slowest = (timedelta(seconds=1), SLOWEST) if outcome.retry else (REFUSED_FIRST, REFUSED_SLOWEST)
    grown = min(first * (1 << min(attempts - 1, 20)), slowest)
    if outcome.retry_after is not None:
        grown = max(grown, min(timedelta(seconds=outcome.retry_after), REFUSED_SLOWEST))
    return grown


def event_is_dead(
    outcome: Outcome, *, refusals: int, at: datetime, failing_since: datetime, now: datetime
) -> bool:
    """Whether an event goes to the dead letters after this failed attempt, so that the order can go on.

    `refusals` counts the attempts that no retry could help, this one among them; `at` is of the event,
    `failing_since` is since when its receiver took nothing.
    """
    if outcome.reason == "gone":
        return True
    if not outcome.retry and refusals >= REFUSED_TRIES:
        return True
    return now - at >= AWAY and now - failing_since >= AWAY


def notice_is_dead(outcome: Outcome, *, at: datetime, now: datetime) -> bool:
    """Whether a notice goes to the dead letters: no retry helps, or it is too old to be of use."""
    return not outcome.retry or now - at >= NOTICE


def room_in(sent: Sequence[datetime], per_minute: int | None, now: datetime) -> timedelta:
    """How long to wait before the next message, so that no minute holds more than `per_minute`; 0: none.

    `sent` are the latest messages, oldest first.
    """
    if per_minute is None or len(sent) < per_minute:
        return timedelta(0)
    return max(sent[-per_minute] + WINDOW - now, timedelta(0))
