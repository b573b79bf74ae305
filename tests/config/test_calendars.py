"""Calendars of a registry: the published holidays, which calendar counts where, mistakes by line, and advice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.limit import parse_limit
from alerts.sight import Visibility
from alerts.working_time import due
from config.advice import advice
from config.calendars import shipped_calendars
from config.directory import directory
from config.holidays import china
from config.load import load
from ingest.errors import InvalidRegistry

COUNTY = (Path(__file__).parent / "county.yaml").read_text("utf-8")
SCHOOL = """\
calendars:
  - {id: school, hours: ["07:30-11:30", "13:30-17:30"], off: [2026-11-05], work: [2026-11-08],
     terms: [{from: 2026-03-02, to: 2026-07-10}, {from: 2026-09-01, to: 2027-01-22}]}
  - {id: market, weekly: mon-sat, holidays: none}
"""
WHOLE = COUNTY + SCHOOL


def test_what_the_state_council_published() -> None:
    """National Day of 2025 and 2026 with their make-up days, day by day, and nothing after the last notice.

    国务院办公厅关于2025年部分节假日安排的通知 (国办发明电〔2024〕12号) and …2026年… (2025-11-04).
    """
    found = china()
    for year, last, worked in ((2025, 8, {(9, 28), (10, 11)}), (2026, 7, {(9, 20), (10, 10)})):
        free = {day.day for day in found.off if (day.year, day.month) == (year, 10)}
        assert free == set(range(1, last + 1))
        assert {(day.month, day.day) for day in found.work if day.year == year and day.month > 8} == worked
    assert found.until >= date(2026, 12, 31)
    assert all(day <= found.until for day in found.off | found.work)
    assert not found.off & found.work
    assert all(day.weekday() > 4 for day in found.work)


def test_two_are_shipped() -> None:
    """A site may say `calendar: school` without more; neither has terms, so no school holiday stops a clock."""
    assert set(shipped_calendars()) == {"office", "school"}
    assert not any(each.terms for each in shipped_calendars().values())
    assert load(COUNTY).sites[0].calendar == "school"


def test_which_calendar_counts() -> None:
    """The route's, else the workflow's, else the site's, else `office`; a school's terms hold with all of them."""
    text = WHOLE.replace("- {id: two-step, name: 两步,", "- {id: two-step, name: 两步, calendar: market,")
    whole = directory(load(text))
    school, village = whole.visibility("school-1"), whole.visibility("village-1")
    assert whole.calendar(school, route="office", workflow="two-step").id == "office"
    assert whole.calendar(school, route=None, workflow="two-step").id == "market"
    assert whole.calendar(school, route=None, workflow="seven-step").id == "school"
    assert whole.calendar(village, route=None, workflow="seven-step").id == "office"
    assert whole.calendar(village, route="gone", workflow="gone").id == "office"
    assert len(whole.calendar(school, route="office", workflow="two-step").terms) == 2
    assert whole.calendar(village, route="office", workflow="two-step").terms == ()
    assert whole.workflows["hotline"].step("handle").limit == parse_limit("5wd")


def test_days_are_those_of_the_area() -> None:
    """The nearest time zone above the place."""
    text = WHOLE.replace("level: town, name: 城东镇", "level: town, name: 城东镇, timezone: Asia/Urumqi")
    whole = directory(load(text))
    found = whole.calendar(whole.visibility("school-1"), route=None, workflow="seven-step")
    assert found.zone == ZoneInfo("Asia/Urumqi")
    start = datetime(2026, 11, 4, 11, 30, tzinfo=UTC)  # 17:30 in Urumqi; the day after is off
    assert due(start, parse_limit("1wh"), found) == datetime(2026, 11, 6, 2, 30, tzinfo=UTC)
    assert whole.calendar(Visibility(), route=None, workflow="").zone == ZoneInfo("Asia/Shanghai")


MISTAKES = [
    ("weekly: mon-sat", "weekly: mon-son", "weekly", "no days of the week"),
    ("weekly: mon-sat", "weekly: fri-mon", "weekly", "runs backwards"),
    ('"07:30-11:30"', '"07:30-25:00"', "hours[0]", "end before they begin, or after 24:00"),
    ('"07:30-11:30"', '"11:30-07:30"', "hours[0]", "end before they begin"),
    ('"07:30-11:30"', "morning", "hours[0]", "no opening hours"),
    ('"07:30-11:30"', '"07:30-14:00"', "calendars[0]", "overlap or are out of order"),
    ('hours: ["07:30-11:30", "13:30-17:30"]', "hours: []", "hours", ""),
    ("holidays: none", "holidays: US", "holidays", "not known here"),
    ("2026-11-08", "2026-11-05", "calendars[0]", "2026-11-05 is both off and work"),
    ("off: [2026-11-05]", "off: [2026-02-30]", "off[0]", "not a day"),
    ("to: 2026-07-10", "to: 2026-01-10", "terms[0]", "ends before it begins"),
    ("from: 2026-09-01", "from: 2026-07-01", "calendars[0]", "the terms overlap"),
    ("from: 2026-09-01,", "", "terms[1].from", "from is missing"),
    ("id: market,", "id: school,", "id", "there twice"),
    ("weekly: mon-sat", "weekdays: mon-sat", "weekdays", "unknown key"),
    ("calendar: school,", "calendar: schol,", "sites[0].calendar", "no calendar 'schol'"),
    (
        "- {unit: duty-room}",
        "- {unit: duty-room, calendar: ofice}",
        "routes[1].calendar",
        "no calendar 'ofice'",
    ),
    ("name: 两步,", "name: 两步, calendar: x,", "workflows[0].calendar", "no calendar 'x'"),
    ("limit: 4h", "limit: 4w", "limit", "is not a limit"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "path", "what"), MISTAKES, ids=[row[1] or row[2] for row in MISTAKES]
)
def test_a_mistake_is_told_with_its_line(right: str, wrong: str, path: str, what: str) -> None:
    """One mistake, at the line where it stands."""
    assert WHOLE.count(right) == 1
    text = WHOLE.replace(right, wrong)
    with pytest.raises(InvalidRegistry) as told:
        load(text, "county.yaml")
    (mistake,) = told.value.mistakes
    lines = [at for at, line in enumerate(WHOLE.splitlines(), 1) if right in line]
    assert path in mistake.path
    assert what in mistake.what
    assert abs(mistake.line - lines[0]) <= 1  # an entry of two lines is told at its first


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 3, 1), []),
        (date(2026, 12, 10), ["calendars office", "calendars school", "calendars school"]),
    ],
)
def test_calendars_that_end_are_told(today: date, told: list[str]) -> None:
    """In time before the last published holiday and before the last term; a plain calendar never ends."""
    if china().until > date(2026, 12, 31):
        told = told[-1:]
    assert [
        each.about for each in advice(load(WHOLE), {"coco-ssd": frozenset({"person"})}, today=today)
    ] == told
