"""Who is on duty: shifts over midnight, working days with holidays and make-up days, zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.roster import Days, Roster, Shift, merged, on_duty
from alerts.working_time import Calendar
from config.calendars import shipped_calendars, with_own_calendars

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = with_own_calendars(())[shipped_calendars()["office"].id]
WORK, NIGHT, OFF = "day", "night", "weekend"


def shift(days: Days, start: int, end: int, *who: str) -> Shift:
    """From and to in whole hours."""
    return Shift(
        days, timedelta(hours=start), timedelta(hours=end), who, tuple(f"sms-{each}" for each in who)
    )


def roster(calendar: Calendar = OFFICE) -> Roster:
    """Office hours on working days, nights on every day, daylight of days off."""
    return Roster(
        "room",
        "duty-room",
        (
            shift("working", 8, 18, WORK),
            shift(frozenset(range(7)), 18, 8, NIGHT),
            shift("off", 8, 18, OFF),
        ),
        calendar,
    )


def at(text: str, zone: ZoneInfo = CHINA) -> datetime:
    """What the clock on the wall shows there."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        pytest.param("2026-11-23 09:00", WORK, id="a Monday morning"),
        pytest.param("2026-11-23 07:59", NIGHT, id="the night of Sunday lasts to Monday morning"),
        pytest.param("2026-11-23 08:00", WORK, id="the moment a shift ends belongs to the next"),
        pytest.param("2026-11-23 18:00", NIGHT, id="the evening"),
        pytest.param("2026-11-24 03:00", NIGHT, id="after midnight"),
        pytest.param("2026-11-22 12:00", OFF, id="a Sunday"),
        pytest.param("2026-10-01 12:00", OFF, id="National Day, a Thursday"),
        pytest.param("2026-10-07 12:00", OFF, id="its last day, a Wednesday"),
        pytest.param("2026-10-08 12:00", WORK, id="the day after it"),
        pytest.param("2026-10-10 12:00", WORK, id="the make-up Saturday is worked"),
        pytest.param("2026-09-20 12:00", WORK, id="the make-up Sunday before it"),
        pytest.param("2026-10-10 23:30", NIGHT, id="its night"),
    ],
)
def test_who(moment: str, who: str) -> None:
    """One shift at a time in this roster, and its channels."""
    (turn,) = on_duty(roster(), at(moment))
    assert (turn.users, turn.channels) == ((who,), (f"sms-{who}",))
    assert turn.since <= at(moment) < turn.until


@pytest.mark.parametrize(
    ("days", "start", "end", "moment", "on"),
    [
        pytest.param(frozenset(range(5)), 18, 8, "2026-11-28 07:00", True, id="Friday's night on Saturday"),
        pytest.param(frozenset(range(5)), 18, 8, "2026-11-28 19:00", False, id="no night of Saturday"),
        pytest.param(frozenset(range(5)), 18, 8, "2026-11-23 07:00", False, id="nor of Sunday"),
        pytest.param("working", 18, 8, "2026-10-01 07:00", True, id="the eve of a holiday is worked"),
        pytest.param("working", 18, 8, "2026-10-01 19:00", False, id="the holiday itself is not"),
        pytest.param("off", 18, 8, "2026-10-08 07:00", True, id="the last night of a holiday"),
        pytest.param(frozenset({6}), 0, 24, "2026-11-22 23:59", True, id="to 24:00"),
        pytest.param(frozenset({6}), 0, 24, "2026-11-23 00:00", False, id="and not longer"),
        pytest.param(frozenset({6}), 8, 8, "2026-11-23 07:59", True, id="from 8 to 8 is a whole day"),
        pytest.param(frozenset({6}), 8, 8, "2026-11-23 08:00", False, id="and not two"),
    ],
)
def test_when(days: Days, start: int, end: int, moment: str, on: bool) -> None:
    """A shift belongs to the day on which it begins."""
    only = replace(roster(), shifts=(shift(days, start, end, "x"),))
    assert bool(on_duty(only, at(moment))) is on


def test_the_zone_of_the_area_decides() -> None:
    """08:30 in Shanghai is 06:30 in Urumqi's local time: still night there."""
    urumqi = roster(replace(OFFICE, zone=ZoneInfo("Asia/Urumqi")))
    assert on_duty(roster(), at("2026-11-23 08:30"))[0].users == (WORK,)
    assert on_duty(urumqi, at("2026-11-23 08:30"))[0].users == (NIGHT,)


def test_a_night_in_which_the_clock_is_changed() -> None:
    """The wall's clock counts: from 18:00 to 08:00 are 13 hours in the night of the change to summer time."""
    berlin = ZoneInfo("Europe/Berlin")
    only = replace(roster(replace(OFFICE, zone=berlin)), shifts=(shift(frozenset(range(7)), 18, 8, "x"),))
    (turn,) = on_duty(only, at("2026-03-29 07:30", berlin))
    assert turn.until - turn.since == timedelta(hours=13)


def test_two_shifts_at_once_are_one_turn() -> None:
    """Everybody, each once, until the first of them goes."""
    both = replace(roster(), shifts=(shift("working", 8, 18, "a", "b"), shift("working", 9, 17, "b", "c")))
    turn = merged(on_duty(both, at("2026-11-23 10:00")))
    assert turn is not None
    assert turn.users == ("a", "b", "c")
    assert turn.until == at("2026-11-23 17:00")
    assert merged(()) is None
