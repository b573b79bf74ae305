"""Hours: spans of the week in local time, such as `mon-fri 06:00-18:00`; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo

from pydantic import BaseModel, ConfigDict, field_validator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def days_of(text: str) -> frozenset[int]:
    """The days of `mon-fri` or `mon,wed,fri`, Monday is 0; ValueError says what is wrong."""
    found: set[int] = set()
    for part in text.split(","):
        first, hyphen, last = (each.strip() for each in part.partition("-"))
        if first not in DAYS or (hyphen and last not in DAYS):
            raise ValueError(f"{text!r} are no days of the week; write mon-fri, mon-sun or mon,wed,fri")
        start, end = DAYS.index(first), DAYS.index(last or first)
        if end < start:
            raise ValueError(f"{part.strip()!r} runs backwards; a week begins with mon and ends with sun")
        found.update(range(start, end + 1))
    return frozenset(found)


def span_of(text: str) -> tuple[timedelta, timedelta]:
    """From and to of `06:00-18:00`, since midnight; `22:00-06:00` ends on the next day (30 h)."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[2]) > 59 or int(found[4]) > 59:
        raise ValueError(f'{text!r} are no hours; write "06:00-18:00", in quotes')
    start = timedelta(hours=int(found[1]), minutes=int(found[2]))
    end = timedelta(hours=int(found[3]), minutes=int(found[4]))
    if start >= DAY or end > DAY or start == end:
        raise ValueError(f'{text!r} are no hours of a day; write "06:00-18:00", or "00:00-24:00"')
    return start, end if end > start else end + DAY


class Hours(BaseModel):
    """A span on some days of the week; one that passes midnight belongs to the day on which it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    days: str = "mon-sun"
    hours: str = "00:00-24:00"

    @field_validator("days")
    @classmethod
    def _days(cls, value: str) -> str:
        days_of(value)
        return value

    @field_validator("hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        span_of(value)
        return value

    def spans(self, begin: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        """The spans that touch begin..end, as instants (UTC)."""
        day, last = begin.astimezone(zone).date() - DAY, end.astimezone(zone).date()
        days, (start, stop) = days_of(self.days), span_of(self.hours)
        while day <= last:
            if day.weekday() in days:
                midnight = datetime.combine(day, time(), tzinfo=zone)
                # A sum on a clock with a zone is a sum of what the clock shows: 06:00 stays 06:00 in summer time.
                opens, closes = (midnight + start).astimezone(UTC), (midnight + stop).astimezone(UTC)
                if closes > begin and opens <= end:
                    yield opens, closes
            day += DAY

    def open_at(self, now: datetime, zone: tzinfo) -> bool:
        """Whether `now` lies within; the end does not."""
        return any(opens <= now < closes for opens, closes in self.spans(now, now, zone))


def changes(
    schedule: Iterable[Hours], after: datetime, until: datetime, zone: tzinfo
) -> tuple[datetime, ...]:
    """The instants in (after, until] at which one of them opens or closes, in order."""
    found = {
        each
        for hours in schedule
        for span in hours.spans(after, until, zone)
        for each in span
        if after < each <= until
    }
    return tuple(sorted(found))
