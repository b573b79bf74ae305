"""Rosters of the registry as the alert core reads them: shifts in time since midnight, days by the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo

from alerts import roster as core
from alerts.directory import DEFAULT_CALENDAR
from alerts.working_time import PLAIN, Calendar
from config.fields import duty_days, since_midnight
from config.nouns.roster import Roster


def counted(
    rosters: Iterable[Roster], calendars: Mapping[str, Calendar], zones: Mapping[str, tzinfo]
) -> Mapping[str, core.Roster]:
    """By id; `zones` says where the clock of each unit hangs."""
    return {
        each.id: core.Roster(
            id=each.id,
            unit=each.unit,
            shifts=tuple(
                core.Shift(
                    duty_days(shift.days),
                    since_midnight(shift.start),
                    since_midnight(shift.end),
                    shift.users,
                    shift.channels,
                )
                for shift in each.shifts
            ),
            calendar=replace(
                calendars.get(each.calendar or DEFAULT_CALENDAR, PLAIN),
                zone=zones.get(each.unit, PLAIN.zone),
            ),
        )
        for each in rosters
    }
