"""A condition must last before it counts, and be gone before it is over; tables of courses, a reason per row."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.hysteresis import Hysteresis, HysteresisState, Phase

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def made(
    raise_after: float = 10,
    clear_after: float = 5,
    gap: float = 0,
    hold: float | None = None,
    lost: float | None = None,
) -> Hysteresis:
    def span(value: float | None) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)

    return Hysteresis(
        timedelta(seconds=raise_after),
        timedelta(seconds=clear_after),
        timedelta(seconds=gap),
        span(hold),
        span(lost),
    )


Course = list[tuple[float, bool | None]]


def run(rule: Hysteresis, course: Course) -> HysteresisState:
    state = rule.start(START)
    for seconds, verdict in course:
        state = rule.observe(state, verdict, at(seconds))
        state = json.loads(json.dumps(state))
    return state


def read(rule: Hysteresis, course: Course, now: float) -> tuple[str, float]:
    phase = rule.phase(run(rule, course), at(now))
    return phase.phase, (phase.since - START).total_seconds()


T, F, N = True, False, None
ROWS: list[tuple[str, Course, float, tuple[str, float]]] = [
    ("nothing was ever seen", [], 100, ("unknown", 0)),
    ("true, not long enough yet, nothing known before", [(0, T)], 9.999, ("unknown", 0)),
    ("raise_after elapses without another observation", [(0, T)], 10, ("active", 0)),
    ("since is when it became true, not when it was raised", [(3, T), (7, T)], 20, ("active", 3)),
    ("false, not long enough yet, nothing known before", [(0, F)], 4.9, ("unknown", 0)),
    ("clear_after elapses without another observation", [(0, F)], 5, ("inactive", 0)),
    ("interrupted: it starts anew", [(0, F), (6, T), (14, F), (15, T)], 20, ("inactive", 0)),
    ("after an interruption it counts from the second time", [(0, T), (8, F), (9, T)], 19, ("active", 9)),
    ("between the limits counts as interrupted too", [(0, F), (6, T), (14, N), (15, T)], 20, ("inactive", 0)),
    ("active, then false for less than clear_after", [(0, T), (20, F)], 24.9, ("active", 0)),
    ("active, then false for clear_after", [(0, T), (20, F)], 25, ("inactive", 20)),
    (
        "active: between the limits starts clearing anew",
        [(0, T), (20, F), (24, N), (26, F)],
        30,
        ("active", 0),
    ),
    ("active: between the limits never clears", [(0, T), (20, N)], 10_000, ("active", 0)),
    ("a blip while clearing starts clearing anew", [(0, T), (20, F), (24, T), (25, F)], 29, ("active", 0)),
    ("raised and cleared between two looks", [(0, T), (30, F), (60, F)], 60, ("inactive", 30)),
    ("raised between two looks although false came next", [(0, T), (12, F)], 13, ("active", 0)),
    ("an older observation changes nothing", [(0, F), (20, F), (10, T)], 40, ("inactive", 0)),
    ("the same moment twice: the later word counts", [(0, T), (0, F)], 5, ("inactive", 0)),
    ("a look before the first observation", [(10, T)], 5, ("unknown", 0)),
]


@pytest.mark.parametrize(("reason", "course", "now", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(reason: str, course: Course, now: float, expected: tuple[str, float]) -> None:
    """raise_after 10 s, clear_after 5 s."""
    assert read(made(), course, now) == expected, reason


GAPS: list[tuple[str, Course, float, tuple[str, float]]] = [
    ("a gap under a second does not restart", [(0, T), (5, F), (5.9, T)], 10, ("active", 0)),
    ("a gap of a second does", [(0, T), (5, F), (6, T)], 10.5, ("unknown", 0)),
    ("within a gap nothing is raised", [(0, F), (6, T), (15.5, F)], 16.2, ("inactive", 0)),
    ("it is raised when the gap closes", [(0, T), (9.5, F), (10.2, T)], 10.2, ("active", 0)),
    ("two short gaps are short each", [(0, T), (3, F), (3.9, T), (7, F), (7.9, T)], 10, ("active", 0)),
]


@pytest.mark.parametrize(("reason", "course", "now", "expected"), GAPS, ids=[row[0] for row in GAPS])
def test_gaps(reason: str, course: Course, now: float, expected: tuple[str, float]) -> None:
    """raise_after 10 s with a gap of 1 s allowed."""
    assert read(made(gap=1), course, now) == expected, reason


HELD: list[tuple[str, Course, float, tuple[str, float]]] = [
    ("one frame alone raises nothing, whatever time passes", [(0, T)], 9, ("unknown", 0)),
    ("one frame alone clears nothing", [(0, T), (10, T), (11, F)], 20, ("active", 0)),
    ("frames that agree, however rare, count", [(0, T), (9, T), (10, T)], 10, ("active", 0)),
    ("nothing is known without frames", [(0, T), (9, T), (10, T)], 31, ("unknown", 10)),
    ("the same moment is still known", [(0, T), (9, T), (10, T)], 30, ("active", 0)),
    (
        "what was counting did not last through the dark",
        [(0, F), (6, F), (10, T), (40, T)],
        45,
        ("inactive", 0),
    ),
    ("what was active still is when it is seen again", [(0, T), (10, T), (60, T)], 61, ("active", 0)),
    (
        "gone when the light came back: clears from there",
        [(0, T), (10, T), (60, F), (65, F)],
        65,
        ("inactive", 60),
    ),
]


@pytest.mark.parametrize(("reason", "course", "now", "expected"), HELD, ids=[row[0] for row in HELD])
def test_without_observations_nothing_is_assumed(
    reason: str, course: Course, now: float, expected: tuple[str, float]
) -> None:
    """An observation is believed for 1 s; after 20 s without one nothing is known."""
    assert read(made(hold=1, lost=20), course, now) == expected, reason


def test_zero_durations_act_at_once() -> None:
    """Without raise_after and clear_after a level follows each observation."""
    rule = made(0, 0)
    assert read(rule, [(1, T)], 1) == ("active", 1)
    assert read(rule, [(1, T), (2, F)], 2) == ("inactive", 2)


courses = st.lists(
    st.tuples(st.floats(0, 60, allow_nan=False), st.sampled_from([T, F, N])), min_size=1, max_size=25
).map(lambda course: sorted(course, key=lambda each: each[0]))
rules = st.builds(
    made,
    raise_after=st.sampled_from([0, 1, 5, 20]),
    clear_after=st.sampled_from([0, 1, 5, 20]),
    gap=st.sampled_from([0, 1, 3]),
    hold=st.sampled_from([None, 3, 5]),
    lost=st.sampled_from([None, 10]),
)


@given(rule=rules, course=courses, now=st.floats(0, 120, allow_nan=False))
def test_same_inputs_same_outputs(rule: Hysteresis, course: Course, now: float) -> None:
    """Twice the same; the state survives JSON exactly; since is never in the future of what was seen."""
    state = run(rule, course)
    assert state == run(rule, course)
    assert Phase.of(json.loads(json.dumps(state))) == Phase.of(state)
    phase = rule.phase(state, at(now))
    assert phase == rule.phase(state, at(now))
    assert phase.since <= at(max(seconds for seconds, _ in course))


@given(rule=rules, course=courses, now=st.floats(60, 120, allow_nan=False))
def test_an_observation_that_repeats_what_holds_is_no_news(
    rule: Hysteresis, course: Course, now: float
) -> None:
    """Without `hold` and `lost`, saying the latest verdict again changes no level at any later time."""
    rule = Hysteresis(rule.raise_after, rule.clear_after, rule.gap)
    state = run(rule, course)
    again = rule.observe(state, course[-1][1], at(60))
    first, second = rule.phase(state, at(now)), rule.phase(again, at(now))
    assert (first.phase, first.since) == (second.phase, second.since)
