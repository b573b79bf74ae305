"""Calendars: those that are shipped and the county's own, as the alert core counts in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

from alerts import working_time as core
from config.fields import opening, weekdays
from config.holidays import china
from config.nouns.calendar import Calendar
from config.tree import read_tree
from ingest.errors import InvalidInput

FILE = Path(__file__).parent / "calendars.yaml"


@cache
def shipped_calendars() -> Mapping[str, Calendar]:
    """Those of calendars.yaml, by id."""
    root, wrongs = read_tree(FILE.read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{FILE.name}:{wrongs[0].line}")
    bodies = cast("Mapping[str, list[object]]", root.plain())["calendars"]
    return {each.id: each for each in map(Calendar.model_validate, bodies)}


def with_own_calendars(own: Iterable[Calendar]) -> Mapping[str, core.Calendar]:
    """The shipped calendars and a county's own; an own one of the same id wins."""
    chosen = {**shipped_calendars(), **{each.id: each for each in own}}
    return {key: counted(each) for key, each in chosen.items()}


def counted(calendar: Calendar) -> core.Calendar:
    """One calendar with its days; what it says itself wins over what was published."""
    off, work = frozenset(calendar.off), frozenset(calendar.work)
    if calendar.holidays == "CN":
        published = china()
        off, work = (published.off - work) | off, (published.work - off) | work
    return core.Calendar(
        id=calendar.id,
        weekly=weekdays(calendar.weekly),
        hours=tuple(opening(each) for each in calendar.hours),
        off=off,
        work=work,
        terms=tuple(core.Term(each.first, each.last) for each in calendar.terms),
    )


def published_until(calendar: Calendar) -> date | None:
    """The last day whose holidays the calendar knows, None when it asks for none."""
    return china().until if calendar.holidays == "CN" else None
