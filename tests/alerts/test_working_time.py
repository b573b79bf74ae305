"""Working time against the days the State Council published, at edges, over terms, in zones; due undoes elapsed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.limit import Counted, Limit, parse_limit
from alerts.working_time import PLAIN, Calendar, Term, due, elapsed
from config.calendars import shipped_calendars, with_own_calendars

OFFICE = with_own_calendars(())["office"]
"""Mon-fri 08:30-12:00 and 14:00-17:30: seven hours a day, holidays as published."""
TERMS = replace(
    OFFICE, terms=(Term(date(2026, 3, 2), date(2026, 7, 10)), Term(date(2026, 9, 1), date(2027, 1, 22)))
)
NIGHT = replace(PLAIN, weekly=frozenset(range(7)), hours=((timedelta(hours=18), timedelta(hours=24)),))


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """`2025-09-26 16:00` on the wall there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# 2025: 国务院办公厅关于2025年部分节假日安排的通知 (国办发明电〔2024〕12号): 10-01…10-08 free, 09-28 and 10-11 worked.
# 2026: 国务院办公厅关于2026年部分节假日安排的通知 (2025-11-04): 10-01…10-07 free, 09-20 and 10-10 worked; New Year
# 01-01…01-03 free, 01-04 worked; Spring Festival 02-15…02-23 free, 02-14 and 02-28 worked.
TABLE: list[tuple[str, Calendar, str, str, str]] = [
    ("the Sunday before National Day is worked", OFFICE, "2025-09-26 16:30", "1wd", "2025-09-28 16:30"),
    ("eight days are free", OFFICE, "2025-09-30 16:30", "2wh", "2025-10-09 09:30"),
    ("the Saturday after is worked", OFFICE, "2025-10-10 17:00", "1wh", "2025-10-11 09:00"),
    ("the Sunday after that is free", OFFICE, "2025-10-11 17:00", "1wh", "2025-10-13 09:00"),
    ("over the whole week in days", OFFICE, "2025-09-28 10:00", "5wd", "2025-10-11 10:00"),
    ("begun in the middle of the holiday", OFFICE, "2025-10-04 12:00", "1wd", "2025-10-09 17:30"),
    ("2026: seven days are free", OFFICE, "2026-09-30 16:30", "2wh", "2026-10-08 09:30"),
    ("2026: the Saturday after is worked", OFFICE, "2026-10-09 17:00", "1wh", "2026-10-10 09:00"),
    ("2026: the Sunday ten days before is worked", OFFICE, "2026-09-18 17:00", "1wh", "2026-09-20 09:00"),
    ("2026: the ordinary Sunday just before is free", OFFICE, "2026-09-24 17:00", "1wh", "2026-09-28 09:00"),
    ("2026: nine days of Spring Festival", OFFICE, "2026-02-13 17:00", "8wh", "2026-02-24 09:00"),
    ("over the New Year 2026, to a make-up Sunday", OFFICE, "2025-12-31 17:00", "1wh", "2026-01-04 09:00"),
    ("over the New Year 2025", OFFICE, "2024-12-31 17:00", "1wh", "2025-01-02 09:00"),
    ("a weekend", PLAIN, "2026-11-20 17:00", "1wh", "2026-11-23 09:00"),
    ("around the clock knows no weekend", OFFICE, "2026-11-20 17:00", "4h", "2026-11-20 21:00"),
    ("around the clock knows no National Day", OFFICE, "2025-09-30 17:00", "2d", "2025-10-02 17:00"),
    ("before hours counts from the opening", OFFICE, "2026-11-23 06:00", "1wh", "2026-11-23 09:30"),
    ("at noon counts from the afternoon", OFFICE, "2026-11-23 12:30", "1wh", "2026-11-23 15:00"),
    ("after hours counts from the next morning", OFFICE, "2026-11-23 17:31", "1wh", "2026-11-24 09:30"),
    ("exactly at the opening", OFFICE, "2026-11-23 08:30", "1wh", "2026-11-23 09:30"),
    ("exactly at the close", OFFICE, "2026-11-23 17:30", "1wh", "2026-11-24 09:30"),
    ("ends exactly at noon, not at two", OFFICE, "2026-11-23 08:30", "3.5wh", "2026-11-23 12:00"),
    ("ends exactly at the close, not next morning", OFFICE, "2026-11-23 08:30", "1wd", "2026-11-23 17:30"),
    ("a day is as long as its hours", OFFICE, "2026-11-23 10:00", "2wd", "2026-11-25 10:00"),
    ("7 hours are a day", OFFICE, "2026-11-23 10:00", "14wh", "2026-11-25 10:00"),
    ("nothing is over at once", OFFICE, "2026-11-23 10:00", "0wh", "2026-11-23 10:00"),
    ("nothing is over at once, also at night", OFFICE, "2026-11-23 23:00", "0wd", "2026-11-23 23:00"),
    ("no time around the clock", OFFICE, "2026-11-23 23:00", "0s", "2026-11-23 23:00"),
    ("a leap day is a day", OFFICE, "2024-02-28 10:00", "1wd", "2024-02-29 10:00"),
    ("a leap day is passed", OFFICE, "2024-02-28 10:00", "2wd", "2024-03-01 10:00"),
    ("no leap day in 2026, but a worked Saturday", OFFICE, "2026-02-27 10:00", "1wd", "2026-02-28 10:00"),
    ("a school holiday stops hours", TERMS, "2026-07-10 17:00", "1wh", "2026-09-01 09:00"),
    ("a school holiday stops days", TERMS, "2026-07-09 10:00", "2wd", "2026-09-01 10:00"),
    ("a school holiday stops the round clock", TERMS, "2026-07-10 22:00", "4h", "2026-09-01 02:00"),
    ("begun within the school holiday", TERMS, "2026-08-01 10:00", "4h", "2026-09-01 04:00"),
    ("without terms a school holiday is ordinary", OFFICE, "2026-07-10 17:00", "1wh", "2026-07-13 09:00"),
    ("after the last term clocks run", TERMS, "2027-01-23 10:00", "4h", "2027-01-23 14:00"),
    ("before the first term clocks run", TERMS, "2026-02-10 10:00", "4h", "2026-02-10 14:00"),
    ("National Day within a term", TERMS, "2026-09-30 17:00", "1wh", "2026-10-08 09:00"),
    ("open until midnight", NIGHT, "2026-11-23 23:00", "2wh", "2026-11-24 19:00"),
    ("until 24:00 exactly", NIGHT, "2026-11-23 23:00", "1wh", "2026-11-24 00:00"),
    ("a year not published has ordinary weeks", OFFICE, "2031-10-01 10:00", "1wd", "2031-10-02 10:00"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "calendar", "start", "limit", "end"), TABLE, ids=[row[0] for row in TABLE])
def test_when_a_limit_is_over(why: str, calendar: Calendar, start: str, limit: str, end: str) -> None:
    """Each row as a person with the notice in hand would count it; the answer is in UTC."""
    found = due(at(start), parse_limit(limit), calendar)
    assert (found, found.tzinfo) == (at(end), UTC), why


@pytest.mark.parametrize(
    ("why", "start", "end", "hours"),
    [
        ("the National Day week of 2025 with both make-up days", "2025-09-28 00:00", "2025-10-12 00:00", 7 * 6),
        ("that of 2026", "2026-09-28 00:00", "2026-10-11 00:00", 7 * 6),
        ("a night", "2026-11-23 17:30", "2026-11-24 08:30", 0),
        ("lunch", "2026-11-23 11:00", "2026-11-23 15:00", 2),
        ("backwards", "2026-11-24 10:00", "2026-11-23 10:00", 0),
        ("a moment", "2026-11-23 10:00", "2026-11-23 10:00", 0),
    ],
)  # fmt: skip
def test_how_much_has_passed(why: str, start: str, end: str, hours: int) -> None:
    """Working hours between two instants."""
    assert elapsed(at(start), at(end), OFFICE) == timedelta(hours=hours), why


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Urumqi", "Asia/Kathmandu", "UTC", "America/Phoenix"])
def test_days_are_those_of_the_zone(zone: str) -> None:
    """Where clocks are never changed, the same words mean the same there."""
    there = replace(OFFICE, zone=ZoneInfo(zone))
    assert due(at("2025-09-30 16:30", zone), parse_limit("2wh"), there) == at("2025-10-09 09:30", zone)
    assert due(at("2026-11-20 10:00", zone), parse_limit("1wd"), there) == at("2026-11-23 10:00", zone)


def test_a_night_in_which_clocks_change() -> None:
    """Opening hours follow the clock on the wall, and the hour that is not there does not count."""
    berlin = replace(
        PLAIN, weekly=frozenset(range(7)), hours=((timedelta(0), timedelta(hours=24)),), zone=ZoneInfo("Europe/Berlin")
    )  # fmt: skip
    start, end = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-03-30 00:00", "Europe/Berlin")
    assert elapsed(start, end, berlin) == timedelta(hours=23)


def test_own_days_win_over_published_ones() -> None:
    """`off` and `work` of a county beat the notice, both ways."""
    model = type(shipped_calendars()["office"])
    own = model.model_validate({"id": "own", "off": ["2025-09-28"], "work": ["2025-10-08"]})
    calendar = with_own_calendars([own])["own"]
    assert due(at("2025-09-26 17:00"), parse_limit("1wh"), calendar) == at("2025-09-29 09:00")
    assert due(at("2025-09-30 17:00"), parse_limit("1wh"), calendar) == at("2025-10-08 09:00")
    plain = with_own_calendars([model.model_validate({"id": "own", "holidays": "none"})])["own"]
    assert due(at("2025-09-30 17:00"), parse_limit("1wh"), plain) == at("2025-10-01 09:00")


INSTANTS = st.datetimes(
    datetime(2024, 12, 1), datetime(2027, 3, 1), timezones=st.just(UTC)  # noqa: DTZ001 - the zone is added
)  # fmt: skip
LENGTHS = st.timedeltas(timedelta(0), timedelta(hours=200))
CALENDARS = st.sampled_from([OFFICE, TERMS, PLAIN, NIGHT, replace(OFFICE, zone=ZoneInfo("Asia/Urumqi"))])


@given(INSTANTS, LENGTHS, CALENDARS)
def test_elapsed_undoes_due(start: datetime, length: timedelta, calendar: Calendar) -> None:
    """Exactly the limit has passed when it is over, and less before."""
    end = due(start, Limit(length, "working-hours"), calendar)
    assert elapsed(start, end, calendar) == length
    if length:
        assert elapsed(start, end - timedelta(microseconds=1), calendar) < length


@given(INSTANTS, LENGTHS, CALENDARS)
def test_due_undoes_elapsed(start: datetime, span: timedelta, calendar: Calendar) -> None:
    """It answers the first instant by which that much has passed, which within hours is that instant."""
    end = start + span
    passed = elapsed(start, end, calendar)
    found = due(start, Limit(passed, "working-hours"), calendar)
    assert found <= end
    assert elapsed(found, end, calendar) == timedelta(0)


@given(INSTANTS, LENGTHS, LENGTHS, CALENDARS, st.sampled_from(["clock", "working-hours"]))
def test_time_goes_forward_only(
    start: datetime, one: timedelta, more: timedelta, calendar: Calendar, counted: str
) -> None:
    """A longer limit ends no sooner, a later start neither; two limits on end are one."""
    kind: Counted = "clock" if counted == "clock" else "working-hours"
    first = due(start, Limit(one, kind), calendar)
    assert start <= first <= due(start, Limit(one + more, kind), calendar)
    assert first <= due(start + more, Limit(one, kind), calendar)
    assert (
        due(first, Limit(more, kind), calendar) == due(start, Limit(one + more, kind), calendar) or not more
    )


@pytest.mark.parametrize("text", ["4wh", "2wd", "0wd", "1.5wd", "30m", "4h", "3d", "0s"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    """So that an export is read back unchanged."""
    assert str(parse_limit(text)) == text
    assert parse_limit(parse_limit(text)) == parse_limit(text)


@pytest.mark.parametrize(
    "text", ["4w", "wh", "-1wh", "2 days", "4wh2h", "999999wd", "99999999d", None, 4, ""]
)
def test_what_is_no_limit(text: object) -> None:
    """Every refusal says how to write one, or how much is too much."""
    with pytest.raises(ValueError, match="limit"):
        parse_limit(text)


def test_working_days_of_the_week_are_counted_by_date() -> None:
    """A make-up day beats a holiday of the same date; the weekend inside a holiday stays free."""
    assert [day for day in range(1, 13) if OFFICE.works(date(2025, 10, day))] == [9, 10, 11]
    assert OFFICE.works(date(2025, 9, 28))
    six_days = replace(OFFICE, weekly=frozenset(range(6)))
    assert not six_days.works(date(2025, 10, 4))
    assert due(datetime.combine(date(2025, 10, 4), time(9), UTC), parse_limit("0wh"), six_days).hour == 9
