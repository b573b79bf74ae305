"""Roster: who is on duty, and until when; pure.

A shift belongs to the day on which it begins: the night of Friday lasts into Saturday morning, and a night that
begins on the eve of a public holiday is still the eve's. Which days are worked, the roster's calendar says, with
its holidays and make-up days; what the clock shows, the zone of the unit's area.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from alerts.working_time import DAY, NOTHING, PLAIN, Calendar

Days = frozenset[int] | Literal["working", "off"]
"""Days of the week (Monday is 0), or the calendar's working days, or all its others."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of duty.

    Attributes:
        days: On which days it begins.
        start: Since midnight.
        end: Since midnight; not after `start`: on the next day.
        users: Who, the first to be told first.
        channels: Ids of the channels that reach them.
    """

    days: Days
    start: timedelta
    end: timedelta
    users: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def length(self) -> timedelta:
        """By the clock on the wall."""
        return self.end - self.start if self.end > self.start else self.end - self.start + DAY


@dataclass(frozen=True, slots=True)
class Roster:
    """The shifts of one unit; `calendar` carries the zone of its area."""

    id: str
    unit: str
    shifts: tuple[Shift, ...]
    calendar: Calendar = PLAIN


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's duty now.

    Attributes:
        roster: Id of the roster.
        unit: Whose duty it is.
        users: Who, the first to be told first.
        channels: Ids of the channels that reach them.
        since: When this shift began (UTC).
        until: When it ends (UTC).
    """

    roster: str
    unit: str
    users: tuple[str, ...]
    channels: tuple[str, ...]
    since: datetime
    until: datetime


def on_duty(roster: Roster, at: datetime) -> tuple[Turn, ...]:
    """The shifts that run at `at`, in the order of the roster; empty when nobody is on duty.

    The moment a shift ends belongs to the next one.
    """
    today = at.astimezone(roster.calendar.zone).date()
    found = []
    for shift in roster.shifts:
        for day in (today - DAY, today):
            if not _begins(shift.days, day, roster.calendar):
                continue
            since = _instant(day, shift.start, roster.calendar)
            until = _instant(day, shift.start + shift.length, roster.calendar)
            if since <= at < until:
                found.append(Turn(roster.id, roster.unit, shift.users, shift.channels, since, until))
    return tuple(found)


def merged(turns: Iterable[Turn]) -> Turn | None:
    """Several shifts of one roster at the same time as one, until the first of them ends; None of none."""
    each = tuple(turns)
    if not each:
        return None
    return Turn(
        each[0].roster,
        each[0].unit,
        tuple(dict.fromkeys(user for turn in each for user in turn.users)),
        tuple(dict.fromkeys(channel for turn in each for channel in turn.channels)),
        max(turn.since for turn in each),
        min(turn.until for turn in each),
    )


def _begins(days: Days, day: date, calendar: Calendar) -> bool:
    if days == "working":
        return calendar.works(day)
    if days == "off":
        return not calendar.works(day)
    return day.weekday() in days


def _instant(day: date, since_midnight: timedelta, calendar: Calendar) -> datetime:
    """What the clock on the wall shows there, as an instant; 24:00 and later is the next day."""
    whole, rest = divmod(since_midnight, DAY)
    local = datetime.combine(day + whole * DAY, time()) + max(rest, NOTHING)
    return local.replace(tzinfo=calendar.zone).astimezone(UTC)
