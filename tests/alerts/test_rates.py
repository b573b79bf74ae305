"""Rates: periods at their edges, and every rate against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete
from sqlalchemy.engine import Connection

from alerts import rates
from alerts.ledger import reports, schema
from alerts.ledger.engine import Ledger
from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.ledger.tables import cases
from alerts.rates import Counts, Group, Period, PeriodKind, period
from alerts.report import Words
from alerts.sight import NOUNS, Sight
from tests.alerts.counted import Row, Step, put, put_incident
from tests.alerts.county import county, do

CHINA = ZoneInfo("Asia/Shanghai")
ALL = Sight.everything()


def at(text: str) -> datetime:
    """`16 08:00`: on the wall in Shanghai, November 2026."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{int(day):02d}T{clock}+08:00").astimezone(UTC)


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


WEEK = period("weekly", date(2026, 11, 18), CHINA)
"""2026-W47: from Monday the 16th to Sunday the 22nd."""
MONDAY = at("23 08:00")
"""When the report is asked for: the morning after."""

TABLE = [
    # opened and closed in; done at 08:10, and exactly at the limit: two steps, both on time. An answer of 5
    Row(1, "east", "market", "threshold", "closed", at("16 08:00"), closed=at("16 12:00"), score=5,
        steps=(Step("accept", at("16 08:30"), at("16 08:10")), Step("handle", at("16 12:00"), at("16 12:00")))),
    # one second late. An answer of 3: not satisfied
    Row(2, "east", "market", "threshold", "closed", at("16 09:00"), closed=at("17 09:00"), score=3,
        steps=(Step("handle", at("16 13:00"), at("16 13:00:01")),)),
    # returned once; the step that the return left counts as left in time
    Row(3, "east", "market", "threshold", "closed", at("17 10:00"), closed=at("18 10:00"), returns=1,
        steps=(Step("handle", at("17 14:00"), at("17 13:00")),
               Step("verify", at("17 22:00"), at("17 15:00"), completed=False))),
    # accepted and not done: late
    Row(4, "east", "market", "threshold", "open", at("18 08:00"), steps=(Step("handle", at("18 12:00")),)),
    # not accepted, and since Sunday 20:20 late with it
    Row(5, "east", "market", "threshold", "open", at("22 19:50"), accepted=False,
        steps=(Step("accept", at("22 20:20")),)),
    # an approved extension: its clock stands, nothing is due
    Row(6, "east", "market", "threshold", "paused", at("19 08:00"),
        steps=(Step("handle", at("19 12:00"), paused=at("19 11:00")),)),
    # a false alarm: somebody looked, so it counts as accepted; its step is not counted
    Row(7, "east", "market", "threshold", "false_alarm", at("19 09:00"), accepted=False, closed=at("19 09:20"),
        steps=(Step("accept", at("19 09:30"), at("19 09:20"), completed=False),)),
    # became part of another: in no rate
    Row(8, "east", "market", "threshold", "merged", at("19 10:00"), steps=(Step("handle", at("19 14:00")),)),
    # opened by mistake: in no rate
    Row(9, "east", "market", "threshold", "cancelled", at("19 11:00"), closed=at("19 11:30"),
        steps=(Step("accept", at("19 11:30"), at("19 11:05")),)),
    # came back once, closed again; handled twice, both in time. An answer of 4: satisfied
    Row(10, "east", "traffic", "noise", "closed", at("20 08:00"), closed=at("20 18:00"), reopens=1, score=4,
        steps=(Step("handle", at("20 12:00"), at("20 11:00")), Step("handle", at("20 18:00"), at("20 17:00")))),
    # closed once, reopened, open again: not closed
    Row(11, "east", "traffic", "noise", "open", at("16 08:00"), reopens=1,
        steps=(Step("accept", at("21 08:30"), at("21 08:20")),)),
    # opened a millisecond before the week, closed in its first instant; its step was due before. An answer of 2
    Row(12, "west", "traffic", "noise", "closed", at("15 23:59:59.999"), closed=at("16 00:00"), score=2,
        steps=(Step("handle", at("15 20:00"), at("15 19:00")),)),
    # opened in the first instant, closed in the first instant after: closed now, not closed in
    Row(13, "west", "traffic", "noise", "closed", at("16 00:00"), closed=at("23 00:00")),
    # opened in the last millisecond, closed and due after
    Row(14, "west", "traffic", "noise", "closed", at("22 23:59:59.999"), closed=at("23 07:00"),
        steps=(Step("handle", at("23 00:00"), at("23 06:00")),)),
    # opened in the first instant after
    Row(15, "west", "traffic", "noise", "open", at("23 00:00")),
    # opened long before, closed in: returned twice, reopened once, a day late. An answer of 1
    Row(16, "west", "room", "threshold", "closed", at("1 10:00"), closed=at("20 10:00"), returns=2, reopens=1,
        score=1, steps=(Step("handle", at("18 10:00"), at("19 10:00")),)),
    # two steps in time, nobody was asked
    Row(17, "west", "room", "threshold", "closed", at("21 10:00"), closed=at("21 11:00"),
        steps=(Step("accept", at("21 10:30"), at("21 10:20")), Step("handle", at("21 14:00"), at("21 11:00")))),
    # no step with a limit
    Row(18, "west", "room", "threshold", "open", at("21 12:00")),
    # not accepted, late
    Row(19, "west", "room", "threshold", "open", at("21 13:00"), accepted=False,
        steps=(Step("accept", at("21 13:30")),)),
    # closed in the last millisecond. An answer of 4
    Row(20, "west", "room", "noise", "closed", at("18 00:00"), closed=at("22 23:59:59.999"), score=4),
    # of no unit, not accepted
    Row(21, "west", None, "noise", "open", at("20 09:00"), accepted=False),
    # accepted, then found to be a false alarm
    Row(22, "west", None, "noise", "false_alarm", at("20 10:00"), closed=at("21 10:00")),
    # opened before by mistake, cancelled in
    Row(23, "west", None, "noise", "cancelled", at("10 10:00"), closed=at("18 10:00")),
    # merged, of no unit
    Row(24, "west", None, "noise", "merged", at("20 12:00")),
    # plain. An answer of 5
    Row(25, "east", "market", "threshold", "closed", at("20 10:00"), closed=at("20 12:00"), score=5),
]  # fmt: skip


@pytest.fixture
def conn() -> Iterator[Connection]:
    """An empty ledger in memory: its tables and nothing else."""
    engine = create_engine("sqlite://")
    with engine.connect() as opened, opened.begin():
        schema.declared().create_all(opened)
        yield opened
    engine.dispose()


def asked(week: Period = WEEK, as_of: datetime = MONDAY, **more: object) -> reports.Asked:
    """What is asked; `own` as the shipped seven steps say it."""
    own = {("seven-step", "handle"), ("seven-step", "feedback")}
    return reports.Asked(week, as_of, own=lambda flow, step: (flow, step) in own, **more)  # type: ignore[arg-type]  # by name


def test_the_total_of_the_table(conn: Connection) -> None:
    """All of it, worked out by hand.

    opened: 1 to 7, 10, 11, 13, 14, 17 to 22 and 25, that is 7 + 2 + 2 + 6 + 1 = 18 (8, 9 and 24 merged or cancelled).
    accepted: all of these but 5, 19 and 21 = 15; the false alarms 7 and 22 are among them.
    owed: without 7 and 22 = 16; closed now: 1, 2, 3, 10, 13, 14, 17, 20, 25 = 9.
    closed in: 1, 2, 3, 10, 12, 16, 17, 20, 25 = 9; returned 3 and 16, reopened 10 and 16.
    hours to close: 4 + 24 + 24 + 10 + 0 + 19 × 24 + 1 + 5 × 24 + 2 = 641 (a millisecond for 12, one less for 20).
    answers: 5, 3, 4, 2, 1, 4, 5 = 7 answers, 24 together; 4 of them 4 or 5.
    due: two of 1, one of 2, two of 3, one each of 4 and 5, two of 10, one each of 11 and 16, two of 17, one of 19 = 14.
    in time: 2 + 0 + 2 + 0 + 0 + 2 + 1 + 0 + 2 + 0 = 9.
    own (only `handle` here): 1, 2, 3, 4, 10 twice, 16, 17 = 8, in time 1, 3, 10 twice, 17 = 5.
    """
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked()).groups)
    assert found == Counts(
        opened=18, accepted=15, owed=16, completed=9, merged=2, closed=9, returned=2, reworked=2,
        open_ms=641 * 3_600_000, answers=7, satisfied=4, score=24, false_alarms=2, cancelled=2,
        due=14, on_time=9, own_due=8, own_on_time=5,
    )  # fmt: skip
    shown = rates.shown(found)
    assert shown["acceptance"] == {"n": 15, "of": 18, "rate": 0.8333}
    assert shown["completion"] == {"n": 9, "of": 16, "rate": 0.5625}
    assert shown["on_time"] == {"n": 9, "of": 14, "rate": 0.6429}
    assert shown["satisfaction"] == {"n": 4, "of": 7, "rate": 0.5714, "mean": 3.43}
    assert shown["returned"] == shown["rework"] == {"n": 2, "of": 9, "rate": 0.2222}
    assert shown["mean_hours"] == 71.22


def test_both_databases_count_alike(ledger: Ledger) -> None:
    """SQLite and PostgreSQL answer every question of a report the same."""
    do(ledger, lambda tx: put(tx, TABLE))
    with ledger.read() as conn:
        assert rates.total(reports.counted(conn, ALL, asked()).groups).open_ms == 641 * 3_600_000
        assert rates.total(reports.days(conn, ALL, asked())).due == 14
        assert reports.counted(conn, ALL, asked()).steps[0] == ("seven-step", "accept", 3, 3.78)
        assert reports.answers(conn, ALL, asked(unit="room"))[0]["n"] == 2
        assert reports.counted(conn, ALL, asked(unit="room")).raised == []
        assert reports.often(conn, ALL, asked()) == []


@pytest.mark.parametrize(
    ("unit", "acceptance", "completion", "on_time", "satisfaction", "returned", "rework"),
    [
        # opened 1 to 7 and 25, all but 5 accepted; owed without 7; closed 1, 2, 3, 25; own steps of 1, 2, 3, 4
        ("market", (7, 8), (4, 7), (2, 4), (2, 3), (1, 4), (0, 4)),
        # opened 10, 11, 13, 14; closed now 10, 13, 14; closed in 10 and 12 with answers 4 and 2; own steps of 10
        ("traffic", (4, 4), (3, 4), (2, 2), (1, 2), (0, 2), (1, 2)),
        # opened 17 to 20, all but 19 accepted; closed now 17, 20; closed in 16, 17, 20; own steps of 16 and 17
        ("room", (3, 4), (2, 4), (1, 2), (1, 2), (1, 3), (1, 3)),
    ],
)
def test_each_unit(
    conn: Connection,
    unit: str,
    acceptance: tuple[int, int],
    completion: tuple[int, int],
    on_time: tuple[int, int],
    satisfaction: tuple[int, int],
    returned: tuple[int, int],
    rework: tuple[int, int],
) -> None:
    """Late is a unit only for its own steps; and the same numbers come when only this unit is asked for."""
    put(conn, TABLE)
    counted = rates.by(
        reports.counted(conn, ALL, asked()).groups, lambda group: [group.unit] if group.unit else []
    )
    alone = rates.total(reports.counted(conn, ALL, asked(unit=unit)).groups)
    for counts in (counted[unit], alone):
        shown = rates.shown(counts, own=True)
        words = ("acceptance", "completion", "on_time", "satisfaction", "returned", "rework")
        found = [(shown[word]["n"], shown[word]["of"]) for word in words]  # type: ignore[index]  # each is a rate
        assert found == [acceptance, completion, on_time, satisfaction, returned, rework]


def test_each_area_and_kind(conn: Connection) -> None:
    """East has 1 to 7, 10, 11 and 25; the county has both; thresholds are 1 to 7, 17 to 19 and 25."""
    put(conn, TABLE)
    found = reports.counted(conn, ALL, asked()).groups
    areas = rates.by(found, Words(county()).above)
    assert {key: each.opened for key, each in areas.items()} == {"county": 18, "east": 10, "west": 8}
    kinds = rates.by(found, lambda group: [group.kind])
    assert {key: each.opened for key, each in kinds.items()} == {"threshold": 11, "noise": 7}
    only = rates.total(reports.counted(conn, ALL, asked(areas={"west"}, kind="noise")).groups)
    assert (only.opened, only.closed) == (5, 2)  # opened 13, 14, 20, 21, 22; closed in 12, 20


def test_what_is_not_over_yet_is_not_due(conn: Connection) -> None:
    """Asked on Sunday at 20:00, the step of 5 has twenty minutes left."""
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked(as_of=at("22 20:00"))).groups)
    assert (found.due, found.on_time) == (13, 9)


def test_the_week_before(conn: Connection) -> None:
    """Of the table only 12 was opened in it, and its step was due in it; 23 was opened in it and cancelled."""
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked(WEEK.before())).groups)
    assert (found.opened, found.accepted, found.completed, found.closed) == (1, 1, 1, 0)
    assert (found.due, found.on_time, found.cancelled) == (1, 1, 0)


def test_steps_and_answers(conn: Connection) -> None:
    """Mean times of completed steps: clocks began four hours before they were due.

    accept: 1 took 3:40, 11 took 3:50, 17 took 3:50: 11:20 for three = 3.78 h.
    handle: 1 4:00, 2 4:00:01, 3 3:00, 10 3:00 and 3:00, 16 28:00, 17 1:00: 46:00:01 for seven = 6.57 h.
    """
    put(conn, TABLE)
    assert reports.counted(conn, ALL, asked()).steps == [
        ("seven-step", "accept", 3, 3.78),
        ("seven-step", "handle", 7, 6.57),
    ]
    assert reports.answers(conn, ALL, asked()) == [{"by": "reporter", "how": "call", "n": 7, "mean": 3.43}]


def test_incidents(conn: Connection) -> None:
    """Verdicts, stale ones, and what comes again and again at one place; the edges as for cases."""
    for number, moment in enumerate(["16 00:00", "17 10:00", "18 10:00", "22 23:59:59.999"]):
        put_incident(conn, number, raised=at(moment))
    put_incident(conn, 10, raised=at("23 00:00"))
    put_incident(conn, 11, raised=at("18 10:00"), condition="gas-level", verdict=True, flapping=True)
    put_incident(conn, 12, raised=at("18 11:00"), condition="gas-level", verdict=False)
    put_incident(
        conn, 13, raised=at("18 12:00"), condition="gas-level", state="open", stale=True, verdict=False
    )
    found = rates.total(reports.counted(conn, ALL, asked()).groups)
    assert (found.raised, found.stale, found.flapping, found.judged, found.judged_false) == (7, 1, 1, 3, 2)
    assert rates.shown(found)["false_incidents"] == {"n": 2, "of": 3, "rate": 0.6667}
    assert [(word, counts.raised) for word, _, counts in reports.counted(conn, ALL, asked()).raised] == [
        ("fridge-warm", 4),
        ("gas-level", 3),
    ]
    assert reports.often(conn, ALL, asked()) == [{"place": "school", "condition": "fridge-warm", "raised": 4}]


def test_days_add_up(conn: Connection) -> None:
    """Each day has what happened on it, and together they are the week."""
    put(conn, TABLE)
    days = reports.days(conn, ALL, asked())
    counted = rates.by(days, lambda group: [str(group.day)])
    assert rates.total(days) == rates.total(reports.counted(conn, ALL, asked()).groups)
    assert {key: each.opened for key, each in counted.items()} == {
        "2026-11-16": 4, "2026-11-17": 1, "2026-11-18": 2, "2026-11-19": 2, "2026-11-20": 4,
        "2026-11-21": 3, "2026-11-22": 2,
    }  # fmt: skip


def test_nobody_reads_more_than_he_sees(conn: Connection) -> None:
    """The same question of the east's reader, of a unit's, and of nobody."""
    put(conn, TABLE)
    east = Sight(nouns=NOUNS, areas=frozenset({"east"}))
    room = Sight(nouns=NOUNS, areas=None, units=frozenset({"room"}))
    assert rates.total(reports.counted(conn, east, asked()).groups).opened == 10
    assert rates.total(reports.counted(conn, room, asked()).groups).opened == 4
    assert rates.total(reports.counted(conn, Sight(), asked()).groups) == Counts()


# -- any cases at all --------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 21 * 24 * 60).map(lambda minute: at("9 00:00") + timedelta(minutes=minute))


@st.composite
def a_row(draw: st.DrawFn) -> Row:
    """Some case, opened from a week before the period to a week after it; as histories can leave one."""
    opened = draw(MOMENTS)
    state = draw(st.sampled_from(["open", "paused", "closed", "false_alarm", "cancelled", "merged"]))
    ended = state in {"closed", "false_alarm", "cancelled"}
    steps = draw(
        st.lists(
            st.builds(
                Step,
                st.sampled_from(["accept", "handle"]),
                MOMENTS,
                st.one_of(st.none(), MOMENTS),
                st.one_of(st.none(), MOMENTS),
            ),
            max_size=3,
        )
    )
    return Row(
        0,
        draw(st.sampled_from(["east", "west"])),
        draw(st.sampled_from(["market", "traffic", None])),
        draw(st.sampled_from(["threshold", "noise"])),
        state,
        opened,
        accepted=draw(st.booleans()) or state == "closed",
        closed=opened + timedelta(minutes=draw(st.integers(0, 20_000))) if ended else None,
        returns=draw(st.integers(0, 2)),
        reopens=draw(st.integers(0, 2)),
        score=draw(st.one_of(st.none(), st.integers(1, 5))),
        steps=tuple(steps),
    )


def told(rows: list[Row]) -> Counts:
    """The definitions of alerts/rates.py, said once more, case by case."""

    def within(moment: datetime | None) -> bool:
        return moment is not None and WEEK.start <= moment < WEEK.end

    opened = [each for each in rows if within(each.opened) and each.state not in {"merged", "cancelled"}]
    ended = [each for each in rows if within(each.closed)]
    closed = [each for each in ended if each.state == "closed"]
    scores = [each.score for each in closed if each.score is not None]
    due = [
        step
        for each in rows
        if each.state in {"open", "paused", "closed"}
        for step in each.steps
        if within(step.due) and step.due < MONDAY and (step.done is not None or step.paused is None)
    ]
    in_time = [each for each in due if each.done is not None and each.done <= each.due]
    return Counts(
        opened=len(opened),
        accepted=sum(each.accepted or each.state == "false_alarm" for each in opened),
        owed=sum(each.state != "false_alarm" for each in opened),
        completed=sum(each.state == "closed" for each in opened),
        merged=sum(within(each.opened) and each.state == "merged" for each in rows),
        closed=len(closed),
        returned=sum(each.returns > 0 for each in closed),
        reworked=sum(each.reopens > 0 for each in closed),
        open_ms=sum(
            (each.closed - each.opened) // timedelta(milliseconds=1) for each in closed if each.closed
        ),
        answers=len(scores),
        satisfied=sum(each >= 4 for each in scores),
        score=sum(scores),
        false_alarms=sum(each.state == "false_alarm" for each in ended),
        cancelled=sum(each.state == "cancelled" for each in ended),
        due=len(due),
        on_time=len(in_time),
        own_due=sum(each.step == "handle" for each in due),
        own_on_time=sum(each.step == "handle" for each in in_time),
    )


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_row(), max_size=25))
def test_the_ledger_counts_what_is_defined(conn: Connection, rows: list[Row]) -> None:
    """Whatever the cases: the sums are the definition's, rates are shares, areas and days add up to the whole."""
    for table in (case_steps, case_figures, cases):
        conn.execute(delete(table))
    numbered = [Row(**{**vars(each), "number": number}) for number, each in enumerate(rows)]
    put(conn, numbered)
    found = reports.counted(conn, ALL, asked()).groups
    whole = rates.total(found)
    assert whole == told(numbered)
    assert reports.whole(conn, ALL, asked()) == replace(whole, own_due=0, own_on_time=0)
    assert rates.total(reports.days(conn, ALL, asked())) == whole
    areas = rates.by(found, Words(county()).above)
    assert areas.get("county", Counts()) == areas.get("east", Counts()) + areas.get("west", Counts()) == whole
    for own in (False, True):
        for value in rates.shown(whole, own=own).values():
            if isinstance(value, dict):
                assert value["rate"] is None if value["of"] == 0 else 0 <= value["rate"] <= 1


@given(
    st.lists(st.lists(st.integers(0, 1000), min_size=len(rates.NAMES), max_size=len(rates.NAMES)), max_size=5)
)
def test_groups_add_up_in_any_order(numbers: list[list[int]]) -> None:
    """A whole is the sum of its groups, however they come."""
    groups = [Group("east", None, "k", Counts(*each)) for each in numbers]
    assert rates.total(groups) == rates.total(groups[::-1])
    assert rates.by(groups, lambda group: [group.kind]).get("k", Counts()) == rates.total(groups)
