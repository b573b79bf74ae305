"""Kitchens: since when, and for how long something was beyond its limit; worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.kitchen import HOLDS, Beyond, Limit, beyond, last_working_day
from alerts.working_time import Term
from config.calendars import with_own_calendars

OFFICE = with_own_calendars(())["office"]
SCHOOL = replace(
    with_own_calendars(())["school"],
    terms=(Term(date(2025, 9, 1), date(2026, 1, 23)), Term(date(2026, 2, 24), date(2026, 7, 10))),
)


def at(text: str) -> datetime:
    """On the wall in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        ("2025-11-24 08:00", "2025-11-21 17:30"),  # a Monday: since Friday
        ("2025-11-25 08:00", "2025-11-24 17:30"),
        ("2025-11-25 23:00", "2025-11-24 17:30"),  # the same all day long
        ("2025-11-23 12:00", "2025-11-21 17:30"),  # a Sunday
        ("2025-10-09 08:00", "2025-09-30 17:30"),  # after National Day: eight days
        ("2025-09-29 08:00", "2025-09-28 17:30"),  # the Sunday before it was worked
        ("2025-10-12 08:00", "2025-10-11 17:30"),  # and so was a Saturday after it
        ("2026-01-04 08:00", "2025-12-31 17:30"),  # over year end, on a make-up Sunday
    ],
)
def test_since_the_last_working_day(now: str, ended: str) -> None:
    """Holidays and make-up days as the State Council published them."""
    assert last_working_day(at(now), OFFICE) == at(ended)


def test_a_school_holiday_is_no_working_day() -> None:
    """Between two terms the last working day is the last of the term before."""
    assert last_working_day(at("2026-02-10 09:00"), SCHOOL) == at("2026-01-23 17:30")
    assert last_working_day(at("2026-02-25 09:00"), SCHOOL) == at("2026-02-24 17:30")


def test_a_calendar_without_end_is_not_searched_without_end() -> None:
    """More than a year of free days: it is asked no farther back than that."""
    free = frozenset(date(2024, 1, 1) + timedelta(days=each) for each in range(1000))
    found = last_working_day(at("2026-01-05 08:00"), replace(OFFICE, off=free, work=frozenset()))
    assert at("2026-01-05 08:00") - found < timedelta(days=401)


START = at("2025-11-21 17:30")
ABOVE = Limit("fridge", "fridge-warm", "temperature", above=8)
BELOW = Limit("hot", "hot-holding", "temperature", below=60)


def rows(*minutes_and_values: tuple[float, float]) -> list[tuple[datetime, float]]:
    """Readings, minutes after START."""
    return [(START + timedelta(minutes=minute), value) for minute, value in minutes_and_values]


@pytest.mark.parametrize(
    ("limit", "readings", "found"),
    [
        # nothing was said
        (ABOVE, [], Beyond()),
        # 9 for ten minutes, then 7 until the end of the two hours, of which an hour counts
        (ABOVE, rows((0, 9), (10, 7)), Beyond(10, 70, 9, 7)),
        # 8 is not above 8
        (ABOVE, rows((0, 8), (30, 8.1), (45, 8)), Beyond(15, 105, 8.1, 8)),
        # said twenty minutes before: it speaks for forty minutes more
        (ABOVE, rows((-20, 9)), Beyond(40, 40, 9, 9)),
        # said two hours before: nobody knows
        (ABOVE, rows((-120, 9)), Beyond()),
        # an hour of silence in between is neither good nor bad: 30 + 60 minutes are known, the first beyond
        (ABOVE, rows((0, 9), (30, 5)), Beyond(30, 90, 9, 5)),
        # the last one speaks up to the end only
        (ABOVE, rows((110, 12)), Beyond(10, 10, 12, 12)),
        # after the end: not yet
        (ABOVE, rows((120, 12)), Beyond()),
        # the other way round: worst is the lowest
        (BELOW, rows((0, 65), (20, 55), (50, 58), (60, 60)), Beyond(40, 120, 55, 60)),
    ],
)
def test_minutes_beyond_a_limit(limit: Limit, readings: list[tuple[datetime, float]], found: Beyond) -> None:
    """A value holds until the next one, for an hour at the most."""
    assert beyond(readings, limit, start=START, end=START + timedelta(hours=2)) == found


@given(st.lists(st.tuples(st.integers(-200, 300), st.floats(-30, 30)), max_size=30))
def test_minutes_are_never_more_than_there_were(readings: list[tuple[int, float]]) -> None:
    """Beyond is at most known, known at most the time asked for and an hour for each reading."""
    found = beyond(rows(*sorted(readings)), ABOVE, start=START, end=START + timedelta(hours=2))
    assert 0 <= found.minutes <= found.known <= 120
    assert found.known <= len(readings) * (HOLDS / timedelta(minutes=1))
