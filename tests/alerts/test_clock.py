"""The clock of a step: lights, pauses, life, and the supervisor told once per step, in a real ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts.case import Case, Opening, Request, join, open_case, supervise, worsen
from alerts.clock import Clock, Light
from alerts.desk import act
from alerts.intake import Report, report
from alerts.ledger import cases
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.tables import events
from alerts.limit import parse_limit
from alerts.sight import Sight, Visibility
from alerts.supervision import supervise_red
from alerts.workflow import Workflow, parse_workflows
from alerts.working_time import PLAIN
from config.calendars import with_own_calendars
from detectors.signal import Severity
from ingest.text import Text
from tests.alerts.county import DISPATCHER, OPERATOR, county

OFFICE = with_own_calendars(())["office"]
ALL = Sight.everything()


def at(text: str) -> datetime:
    """On the wall in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


FRIDAY = at("2025-09-26 16:00")
"""An hour and a half before the close; the Sunday after it is worked."""


@pytest.mark.parametrize(
    ("now", "light"),
    [
        ("2025-09-26 16:00", "green"),
        ("2025-09-27 23:59", "green"),  # the Saturday is free: no time passes
        ("2025-09-28 09:59", "green"),
        ("2025-09-28 10:00", "yellow"),  # three of four hours
        ("2025-09-28 11:00", "yellow"),  # exactly at the limit
        ("2025-09-28 11:00:00.001", "red"),
    ],
)
def test_lights_turn_in_working_time(now: str, light: Light) -> None:
    """Four working hours from Friday 16:00 end on the make-up Sunday at 11:00; yellow from three of them."""
    clock = Clock.start("handle", parse_limit("4wh"), FRIDAY, OFFICE)
    assert clock.due_at == at("2025-09-28 11:00")
    assert clock.light(at(now)) == light


def test_no_time_is_yellow_at_once_and_red_after() -> None:
    """A limit of nothing: due when it begins."""
    clock = Clock.start("handle", parse_limit("0wh"), FRIDAY, OFFICE)
    assert (clock.due_at, clock.light(FRIDAY)) == (FRIDAY, "yellow")
    assert clock.light(FRIDAY + timedelta(milliseconds=1)) == "red"


@pytest.mark.parametrize(
    ("why", "paused", "resumed", "due"),
    [
        ("what was left is left, over the holiday", "2025-09-30 16:30", "2025-10-09 08:30", "2025-10-09 11:30"),
        ("a pause within the hours", "2025-09-30 16:00", "2025-09-30 17:00", "2025-10-09 11:30"),
        ("a pause outside the hours costs nothing", "2025-09-30 20:00", "2025-10-08 20:00", "2025-10-09 10:30"),
        ("no pause at all", "2025-09-30 16:00", "2025-09-30 16:00", "2025-10-09 10:30"),
        ("what was over stays over", "2025-10-09 11:00", "2025-10-11 11:00", "2025-10-09 10:30"),
    ],
)  # fmt: skip
def test_over_a_pause(why: str, paused: str, resumed: str, due: str) -> None:
    """Four working hours from 2025-09-30 15:30, with an approved extension in between."""
    clock = Clock.start("handle", parse_limit("4wh"), at("2025-09-30 15:30"), OFFICE)
    assert clock.due_at == at("2025-10-09 10:30")
    stopped = clock.pause(at(paused))
    assert stopped.light(at(paused) + timedelta(days=99)) == stopped.light(at(paused))
    again = stopped.resume(at(resumed), OFFICE)
    assert (again.due_at, again.paused_at) == (at(due), None), why


def test_life_knows_no_office() -> None:
    """Four working hours are four hours, two working days two days, and a pause is as long as it is."""
    clock = Clock.start("handle", parse_limit("4wh"), FRIDAY, OFFICE, life=True)
    assert clock.due_at == FRIDAY + timedelta(hours=4)
    days = Clock.start("handle", parse_limit("2wd"), FRIDAY, OFFICE, life=True)
    assert days.due_at == FRIDAY + timedelta(days=2)
    paused = clock.pause(FRIDAY + timedelta(hours=1)).resume(FRIDAY + timedelta(hours=3), OFFICE, life=True)
    assert paused.due_at == FRIDAY + timedelta(hours=6)


# -- in a case ---------------------------------------------------------------------------------------------------

FLOW: dict[str, Workflow] = dict(
    parse_workflows(
        {
            "workflows": [
                {
                    "id": "seven-step",
                    "name": "two",
                    "steps": [
                        {"step": "accept", "name": "a", "roles": ["operator"], "limit": "4wh"},
                        {"step": "report", "name": "b", "roles": ["operator"], "limit": "1wd"},
                    ],
                }
            ],
            "actions": [{"action": "return", "name": "r", "roles": ["dispatcher"], "needs": ["note"]}],
        }
    )
)


def opened(severity: Severity = "major") -> Case:
    opening = Opening(
        id="01CASE", number="2025-000001", kind="threshold", category="fridge-warm", severity=severity,
        place=Visibility("east", "canteen-school", "school"), title="冰箱", explanation=Text("冰箱", "fridge"),
    )  # fmt: skip
    return open_case(opening, FLOW["seven-step"], who=OPERATOR, now=FRIDAY, calendar=OFFICE).case


def test_a_case_that_becomes_a_matter_of_life_waits_for_no_monday() -> None:
    """From that moment its step has its limit around the clock, by a worse incident or by one that joins."""
    saturday = at("2025-09-27 10:00")
    worse = worsen(opened(), "I", "life", now=saturday)
    assert worse is not None
    assert worse.case.clocks[-1].due_at == at("2025-09-27 14:00")
    assert join(opened(), "I", "life", now=saturday).case.clocks == worse.case.clocks
    assert join(opened(), "I", "critical", now=saturday).case.clocks == opened().clocks
    late = worsen(opened(), "I", "life", now=at("2025-09-28 10:59"))
    assert late is not None
    assert late.case.clocks == opened().clocks  # never later than it was
    assert opened("life").clocks[-1].due_at == FRIDAY + timedelta(hours=4)


def test_supervised_once_per_step() -> None:
    """Not before red, then once; the mark stays on the step."""
    case = opened()
    due = case.clocks[-1].due_at
    assert supervise(case, due) is None
    done = supervise(case, due + timedelta(seconds=1))
    assert done is not None
    assert (done.entry.action, done.entry.who, done.entry.note) == ("supervised", "hub", "accept")
    assert done.case.clocks[-1].supervised_at == due + timedelta(seconds=1)
    assert supervise(done.case, due + timedelta(days=9)) is None


def told(conn: Connection) -> list[tuple[str, str]]:
    """(step, action) of every event of a case."""
    rows = conn.execute(select(events.c.data).where(events.c.type.like("case.%")).order_by(events.c.seq))
    return [(row.data["step"], row.data["change"]["action"]) for row in rows]


def test_the_ledger_tells_the_supervisor_once_per_step(ledger: Ledger) -> None:
    """Ticks go on; each red step is one event and one history entry; a paused, done or new step is none."""
    directory = county()
    directory = type(directory)(
        **{**vars(directory), "workflows": FLOW, "calendars": with_own_calendars(())}
    )  # fmt: skip

    def tick(now: datetime) -> tuple[int, ...]:
        return ledger.write(lambda conn: supervise_red(conn, now)).result(10)

    def do(action: str, now: datetime) -> None:
        who = DISPATCHER if action == "return" else OPERATOR
        request = Request(action, note="because")
        ledger.write(
            lambda conn: act(conn, ALL, key, request, who=who, directory=directory, now=now)
        ).result(10)  # fmt: skip

    new = Report(kind="rubbish", title="垃圾", source="hotline", site="school")
    made = ledger.write(
        lambda conn: report(conn, ALL, new, who=OPERATOR, directory=directory, now=FRIDAY)
    ).result(10)  # fmt: skip
    key = str(made.case["id"])
    clocks = made.case["clocks"]
    assert isinstance(clocks, list)
    assert (clocks[0]["limit"], clocks[0]["due_at"]) == ("4wh", "2025-09-28T03:00:00.000Z")

    assert tick(at("2025-09-28 11:00")) == ()
    assert len(tick(at("2025-09-28 11:01"))) == 1
    assert tick(at("2025-09-28 11:02")) == tick(at("2025-10-20 11:02")) == ()
    do("accept", at("2025-09-29 10:00"))
    assert tick(at("2025-09-30 10:00")) == ()
    assert len(tick(at("2025-09-30 10:01"))) == 1
    do("return", at("2025-09-30 11:00"))
    assert tick(at("2025-09-30 17:00")) == ()
    assert len(tick(at("2025-10-09 13:00"))) == 1  # the same step again, a new clock
    do("accept", at("2025-10-09 14:00"))
    do("report", at("2025-10-09 15:00"))
    assert tick(at("2026-01-01 00:00")) == ()
    with ledger.read() as conn:
        assert told(conn) == [
            ("accept", "open"), ("accept", "supervised"), ("report", "accept"), ("report", "supervised"),
            ("accept", "return"), ("accept", "supervised"), ("report", "accept"), ("report", "report"),
        ]  # fmt: skip
        shown = cases.get(conn, ALL, key, now=at("2026-01-01 00:00"))
        loaded = cases.load(conn, ALL, key)
    assert isinstance(shown["clocks"], list)
    assert [each["supervised_at"] is not None for each in shown["clocks"]] == [True, True, True, False]
    assert [str(each.limit) for each in loaded.clocks] == ["4wh", "1wd", "4wh", "1wd"]
    assert loaded.clocks[0] == Clock.start("accept", parse_limit("4wh"), FRIDAY, OFFICE).finish(
        at("2025-09-29 10:00")
    ).supervise(at("2025-09-28 11:01"))


def test_without_a_registry_the_week_is_plain() -> None:
    """No calendar anywhere: Monday to Friday, and never an error."""
    directory = county()
    place = Visibility("east", "canteen-school", "school")
    assert directory.calendar(place, route=None, workflow="seven-step") == PLAIN
    assert directory.calendar(Visibility(), route="gone", workflow="gone") == PLAIN
