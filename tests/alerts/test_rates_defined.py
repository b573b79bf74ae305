"""Any cases at all: what the ledger counts is what the definition says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.engine import Connection

from alerts import rates
from alerts.ledger import reports
from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.ledger.tables import cases
from alerts.rates import Counts, Group
from alerts.report import Words
from tests.alerts.counted import Row, Step, put
from tests.alerts.county import county
from tests.alerts.rated import ALL, MONDAY, WEEK, asked, at

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
