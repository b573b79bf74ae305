"""Periods at their edges: days, ISO weeks, months, quarters, and a day with 23 hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.rates import PeriodKind, period
from tests.alerts.rated import CHINA


@pytest.mark.parametrize(
    ("kind", "day", "first", "last", "label"),
    [
        ("daily", "2026-11-22", "2026-11-22", "2026-11-22", "2026-11-22"),
        (
            "weekly",
            "2026-11-22",
            "2026-11-16",
            "2026-11-22",
            "2026-W47",
        ),  # a Sunday belongs to the week before
        ("weekly", "2026-11-23", "2026-11-23", "2026-11-29", "2026-W48"),
        (
            "weekly",
            "2027-01-01",
            "2026-12-28",
            "2027-01-03",
            "2026-W53",
        ),  # the ISO year goes on over year end
        ("weekly", "2024-12-31", "2024-12-30", "2025-01-05", "2025-W01"),  # … or begins before it
        ("monthly", "2028-02-11", "2028-02-01", "2028-02-29", "2028-02"),  # a leap year
        ("monthly", "2026-12-31", "2026-12-01", "2026-12-31", "2026-12"),
        ("quarterly", "2026-03-31", "2026-01-01", "2026-03-31", "2026-Q1"),
        ("quarterly", "2026-04-01", "2026-04-01", "2026-06-30", "2026-Q2"),
        ("quarterly", "2026-12-31", "2026-10-01", "2026-12-31", "2026-Q4"),
    ],
)
def test_periods(kind: PeriodKind, day: str, first: str, last: str, label: str) -> None:
    """Weeks are ISO weeks, quarters calendar quarters; days begin at midnight of the county."""
    found = period(kind, date.fromisoformat(day), CHINA)
    assert (found.first.isoformat(), found.last.isoformat(), found.label) == (first, last, label)
    assert found.start == datetime.fromisoformat(f"{first}T00:00+08:00")
    assert found.end - timedelta(days=1) == datetime.fromisoformat(f"{last}T00:00+08:00")
    assert found.before().end == found.start
    assert found.days()[-1] == (found.last, found.end)


def test_a_day_with_23_hours() -> None:
    """Where clocks are put forward, a day is as long as it is."""
    found = period("weekly", date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    ends = [end for _, end in found.days()]
    assert found.end - found.start == timedelta(days=7, hours=-1)
    assert ends[-1] - ends[-2] == timedelta(hours=23)
