"""Working time: when a calendar's time counts, when a limit is over in it, and how much of it has passed; pure.

Working time is one line of seconds: the opening hours of working days, one after the other. due() walks it
forward, elapsed() measures it, so each undoes the other. What a day is, the calendar's zone decides; the answers
are in UTC. A working day (工作日) is as long as the calendar's hours of one day: begun on Monday at 10:00, `2wd`
ends on Wednesday at 10:00; begun on Friday evening, `1wd` ends on Monday when work ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from alerts.limit import Limit

DAY = timedelta(days=1)
NOTHING = timedelta(0)

CHINA = ZoneInfo("Asia/Shanghai")

Span = tuple[timedelta, timedelta]
"""Opening hours within a day: from, to, both since midnight."""


@dataclass(frozen=True, slots=True)
class Term:
    """One school term; both days belong to it."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days and hours of one office or school.

    Attributes:
        id: What sites, workflows and routes call it.
        weekly: Working days of an ordinary week, Monday is 0; never empty.
        hours: Opening hours of a working day, in order, apart from each other; never empty.
        off: Days that are free all the same: public holidays.
        work: Days that are worked all the same: make-up days (调休); they win over `off`.
        terms: School terms in order. The days between two of them are holidays, on which no clock runs, not even
            one around the clock. Before the first and after the last nothing is known, and the clocks run: no case
            stands still because nobody has written down the next term.
        zone: Where its days begin.
        always: In an emergency: limits that begin run around the clock, whatever they say.
        share: In an emergency: limits that begin are this share of themselves.
    """

    id: str
    weekly: frozenset[int] = frozenset(range(5))
    hours: tuple[Span, ...] = (
        (timedelta(hours=8, minutes=30), timedelta(hours=12)),
        (timedelta(hours=14), timedelta(hours=17, minutes=30)),
    )
    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    terms: tuple[Term, ...] = ()
    zone: tzinfo = CHINA
    always: bool = False
    share: float = 1.0

    @property
    def day(self) -> timedelta:
        """How long one working day is."""
        return sum((end - start for start, end in self.hours), NOTHING)

    def in_term(self, day: date) -> bool:
        """False between two terms only."""
        at = bisect_right(self.terms, day, key=lambda term: term.first)
        return at in {0, len(self.terms)} or day <= self.terms[at - 1].last

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        if not self.in_term(day):
            return False
        return day in self.work or (day.weekday() in self.weekly and day not in self.off)


PLAIN = Calendar("plain")
"""Monday to Friday, no holidays: where no registry says more."""


def due(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """When a limit that begins at `start` is over: the first instant at which all of it has passed (UTC)."""
    return later(start, amount(limit, calendar), calendar, working=limit.counted != "clock")


def elapsed(start: datetime, end: datetime, calendar: Calendar, *, working: bool = True) -> timedelta:
    """How much of the calendar's time lies between two instants; nothing when `end` is not after `start`.

    `working` False measures the clock that runs day and night and stands still only between terms.
    """
    passed = NOTHING
    if end <= start:
        return passed
    if not working and not calendar.terms:
        return end - start
    for opens, closes in _open_from(start, calendar, working=working):
        if opens >= end:
            break
        passed += min(closes, end) - max(opens, start)
    return passed


def later(start: datetime, length: timedelta, calendar: Calendar, *, working: bool) -> datetime:
    """The first instant by which `length` of the calendar's time has passed since `start` (UTC)."""
    begun = start.astimezone(UTC)
    if length <= NOTHING:
        return begun
    if not working and not calendar.terms:
        return begun + length
    left = length
    for opens, closes in _open_from(start, calendar, working=working):
        begin = max(opens, begun)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("the days of a calendar do not end")  # pragma: no cover


def amount(limit: Limit, calendar: Calendar) -> timedelta:
    """How much of the calendar's time a limit is."""
    return calendar.day * (limit.length / DAY) if limit.counted == "working-days" else limit.length


def _open_from(start: datetime, calendar: Calendar, *, working: bool) -> Iterator[tuple[datetime, datetime]]:
    """Open spans in UTC that end after `start`, in order, without end."""
    day = start.astimezone(calendar.zone).date()
    while True:
        if calendar.works(day) if working else calendar.in_term(day):
            for opens, closes in calendar.hours if working else ((NOTHING, DAY),):
                span = _instant(day, opens, calendar.zone), _instant(day, closes, calendar.zone)
                if span[1] > max(span[0], start):
                    yield span
        day += DAY


def _instant(day: date, since_midnight: timedelta, zone: tzinfo) -> datetime:
    """What the clock on the wall shows there, as an instant; 24:00 is the next day's 00:00."""
    local = datetime.combine(day, time()) + since_midnight
    return local.replace(tzinfo=zone).astimezone(UTC)
