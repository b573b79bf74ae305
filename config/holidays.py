"""Holidays: the public holidays and make-up workdays of China as published by the State Council; the one place.

They come from the package `chinesecalendar`, compared in November 2026 with two others:

- `chinesecalendar` 1.11: every holiday and make-up day (调休) of 2004–2026, copied from the yearly notices of the
  General Office of the State Council; released on the day of the notice (2025-11-04 for 2026); no dependencies;
  and it *refuses* a year that has not been published. Chosen, for the last reason above all: nothing is invented.
- `holidays` 0.109: agrees with it on every working day of 2007–2026, is released monthly, has types; but answers
  for years without a notice, too, by reckoning holidays and leaving the make-up days out, and does not say so.
- `workalendar` 17.0: knows 2018–2023 only, last release 2021.

The rest of the hub sees sets of dates. A county corrects them by `off` and `work` of its calendars; a year that is
not published yet has ordinary weeks, and `hub check` says so (published_until()).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from chinese_calendar import get_holiday_detail

FIRST = date(2004, 1, 1)
"""Where the package begins."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """What was published.

    Attributes:
        off: Public holidays, with the weekends inside them.
        work: Saturdays and Sundays that are worked.
        until: The last day of the last published year.
    """

    off: frozenset[date]
    work: frozenset[date]
    until: date


@cache
def china() -> Holidays:
    """Every published day."""
    off: set[date] = set()
    work: set[date] = set()
    until = FIRST
    for day, free, name in _published():
        until = day
        if name is not None:
            (off if free else work).add(day)
    return Holidays(frozenset(off), frozenset(work), until)


def _published() -> Iterator[tuple[date, bool, str | None]]:
    day = FIRST
    while True:
        try:
            free, name = get_holiday_detail(day)
        except NotImplementedError:
            return
        yield day, free, name
        day += timedelta(days=1)
