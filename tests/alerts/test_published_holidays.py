"""Clocks against the notices of the General Office of the State Council, typed from their texts, not from a library.

2022: 国办发明电〔2021〕11号  国庆节：10月1日至7日放假调休，共7天。10月8日（星期六）、10月9日（星期日）上班。
2023: 国办发明电〔2022〕16号  元旦：2022年12月31日至2023年1月2日放假调休，共3天。
                            中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。
2024: 国办发明电〔2023〕7号   国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。
2025: 国办发明电〔2024〕12号  国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。
                            9月28日（周日）、10月11日（周六）上班。
2026: 2025年11月4日的通知     元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
                            中秋节：9月25日（周五）至27日（周日）放假，共3天。
                            国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。

The office works 08:30-12:00 and 14:00-17:30: 3.5 hours in the morning, 3.5 in the afternoon.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.clock import Clock
from alerts.limit import parse_limit
from alerts.working_time import Calendar, Term
from config.calendars import with_own_calendars

OFFICE = with_own_calendars(())["office"]
SCHOOL = replace(
    OFFICE, terms=(Term(date(2026, 3, 2), date(2026, 7, 10)), Term(date(2026, 9, 1), date(2027, 1, 22)))
)


def at(text: str) -> datetime:
    """On the wall in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("first", "days"),
    [
        # Monday to Sunday in each group of seven: w worked, - free
        (
            "2022-09-26",
            "wwwww-- -----ww wwwww--",
        ),  # 10-01 is a Saturday; Saturday and Sunday after are worked
        ("2023-09-25", "wwww--- -----ww wwwww--"),  # 09-29 is a Friday; back on Saturday, 10-07
        ("2024-09-23", "wwwww-w w------ -wwwww- wwwww--"),
        ("2025-09-22", "wwwww-w ww----- ---www- wwwww--"),
        ("2026-09-14", "wwwww-w wwww--- www---- ---www- wwwww--"),
        ("2022-12-26", "wwwww-- -wwww--"),  # the New Year of 2023: Saturday to Monday free, no make-up day
        ("2025-12-29", "www---w wwwww--"),  # the New Year of 2026: Thursday to Saturday free, Sunday worked
    ],
)
def test_each_day_as_published(first: str, days: str) -> None:
    """Three to five weeks around each holiday, day by day."""
    begin = date.fromisoformat(first)
    assert begin.weekday() == 0
    wanted = days.replace(" ", "")
    found = "".join("w" if OFFICE.works(begin + timedelta(days=day)) else "-" for day in range(len(wanted)))
    assert found == wanted


@pytest.mark.parametrize(
    ("begun", "limit", "yellow", "due"),
    [
        # 2023: Thursday 28 September 1 h (16:30-17:30); Saturday 7 October 7 h; Sunday 8 October 08:30 + 2 h.
        # Yellow at 7.5 h: 1 h, then Saturday morning 3.5 h, then 14:00 + 3 h.
        ("2023-09-28 16:30", "10wh", "2023-10-07 17:00", "2023-10-08 10:30"),
        # 2023: Wednesday 27 September 10:00; 1st day to Thursday, 2nd to Saturday 7, 3rd to Sunday 8 October, 10:00.
        # Yellow at 2.25 days: 2 days to Saturday 10:00, then 1.75 h of 7 h.
        ("2023-09-27 10:00", "3wd", "2023-10-07 11:45", "2023-10-08 10:00"),
        # 2022: Friday 30 September 1 h; Saturday 8 October 7 h; Sunday 9 October 1 h. Yellow at 6.75 h: 5.75 h of
        # Saturday are its morning and 2.25 h from 14:00.
        ("2022-09-30 16:30", "9wh", "2022-10-08 16:15", "2022-10-09 09:30"),
        # 2024: Friday 27 September 0.5 h; the make-up Sunday 29 September 1.5 h. Yellow at 1.5 h: 1 h of Sunday.
        ("2024-09-27 17:00", "2wh", "2024-09-29 09:30", "2024-09-29 10:00"),
        # 2024: Friday 11 October 0.5 h; the make-up Saturday 12 October 7 h; Monday 14 October 0.5 h.
        # Yellow at 6 h: 5.5 h of Saturday are its morning and 2 h from 14:00.
        ("2024-10-11 17:00", "8wh", "2024-10-12 16:00", "2024-10-14 09:00"),
        # 2025: Friday 26 September 0.5 h; Sunday 28 September 7 h, Monday and Tuesday 14 h: 21.5 h; 22.5 h end one
        # hour into Thursday 9 October. Yellow at 16.875 h: 0.5 + 7 + 7, then 2.375 h of Tuesday morning.
        ("2025-09-26 17:00", "22.5wh", "2025-09-30 10:52:30", "2025-10-09 09:30"),
        # Over the New Year of 2023: Friday 30 December 1 h; Tuesday 3 January 1 h. Yellow at 1.5 h.
        ("2022-12-30 16:30", "2wh", "2023-01-03 09:00", "2023-01-03 09:30"),
        # Over the New Year of 2026: Wednesday 31 December 1 h; the make-up Sunday 4 January 1 h.
        ("2025-12-31 16:30", "2wh", "2026-01-04 09:00", "2026-01-04 09:30"),
    ],
)
def test_a_clock_over_a_holiday(begun: str, limit: str, yellow: str, due: str) -> None:
    """Yellow and due as a person with the notice in hand counts them."""
    clock = Clock.start("handle", parse_limit(limit), at(begun), OFFICE)
    assert (clock.yellow_at, clock.due_at) == (at(yellow), at(due))
    assert clock.light(at(due)) == "yellow"
    assert clock.light(at(due) + timedelta(milliseconds=1)) == "red"


@pytest.mark.parametrize(
    ("why", "calendar", "limit", "begun", "paused", "resumed", "due"),
    [
        # 1 h used of 4 (15:30-16:30), 3 h left: Tuesday 3 January 10:00-12:00, then 14:00 + 1 h.
        ("over the New Year", OFFICE, "4wh", "2022-12-30 15:30", "2022-12-30 16:30", "2023-01-03 10:00",
         "2023-01-03 15:00"),
        # Thursday 28 September 3.5 h of 10 used (14:00-17:30); resumed on the make-up Sunday at 08:30: 6.5 h are its
        # morning and 3 h from 14:00.
        ("over National Day to a make-up Sunday", OFFICE, "10wh", "2023-09-28 14:00", "2023-09-28 20:00",
         "2023-10-08 08:30", "2023-10-08 17:00"),
        # Thursday 9 July 3.5 h, Friday until 09:30 1 h: 3.5 h left. Resumed within the holiday it stands until term.
        ("over a school holiday", SCHOOL, "8wh", "2026-07-09 14:00", "2026-07-10 09:30", "2026-08-10 10:00",
         "2026-09-01 12:00"),
        # Around the clock: 1 h used before the pause, 3 h left; no hour of the holiday counts.
        ("over a school holiday, around the clock", SCHOOL, "4h", "2026-07-10 22:00", "2026-07-10 23:00",
         "2026-07-20 08:00", "2026-09-01 03:00"),
        # Paused within the holiday nothing is used: 2 h before midnight, resumed on 1 September at 06:00, 2 h left.
        ("a pause that begins within a school holiday", SCHOOL, "4h", "2026-07-10 22:00", "2026-08-01 12:00",
         "2026-09-01 06:00", "2026-09-01 08:00"),
    ],
)  # fmt: skip
def test_a_pause_costs_nothing(
    why: str, calendar: Calendar, limit: str, begun: str, paused: str, resumed: str, due: str
) -> None:
    """What was left when it was stopped is left when it goes on, in the calendar's time."""
    clock = Clock.start("handle", parse_limit(limit), at(begun), calendar)
    again = clock.pause(at(paused)).resume(at(resumed), calendar)
    assert again.due_at == at(due), why
