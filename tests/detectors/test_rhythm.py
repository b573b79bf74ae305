"""Silence and cycles that are learned from the device itself: what teaches, what does not, and what it changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detectors import cycles, rhythm
from detectors.rules.silence import Params, Rule
from tests.detectors.folding import START, at, fold, level, reading, rule

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WEEK = timedelta(days=7)


def quiet(*pauses: tuple[float, float]) -> rhythm.RhythmState:
    """Pauses of so many seconds (second), each ending at a second (first) after START; over a day: told as silence."""
    state = rhythm.start()
    for end, seconds in pauses:
        state = rhythm.learn(state, timedelta(seconds=seconds), at(end), silence=seconds > DAY)
    return state


PAUSES: list[tuple[str, list[tuple[float, float]], float | None]] = [
    ("nothing known", [], None),
    ("six days are no week", [(DAY * n, MINUTE) for n in range(7)], None),
    ("a week is", [(DAY * n, MINUTE) for n in range(8)], MINUTE),
    ("the longest counts", [(DAY * n, MINUTE * (1 + n % 3)) for n in range(8)], 3 * MINUTE),
    (
        "what is over two weeks old is forgotten",
        [(0, HOUR), *((DAY * n, MINUTE) for n in range(1, 15))],
        MINUTE,
    ),
    ("a silence teaches nothing", [(DAY * n, 2 * DAY if n == 4 else MINUTE) for n in range(8)], MINUTE),
    (
        "the third one is a habit",
        [(DAY * n, 2 * DAY if n in {2, 4, 6} else MINUTE) for n in range(8)],
        2 * DAY,
    ),
]


@pytest.mark.parametrize(("reason", "pauses", "usual"), PAUSES, ids=[row[0] for row in PAUSES])
def test_pauses(reason: str, pauses: list[tuple[float, float]], usual: float | None) -> None:
    """What is the longest usual pause."""
    found = rhythm.usual(quiet(*pauses), learn_for=WEEK)
    assert (None if found is None else found.total_seconds()) == usual, reason


def silence(**keys: object) -> Rule:
    """A silence rule that learns."""
    return Rule(Params.model_validate({"id": "quiet", "kind": "silence", **keys}))


def test_a_busy_sensor_is_missed_early_and_a_sleeping_one_late() -> None:
    """The same rule: after a week, half an hour for who speaks every ten minutes, 26 hours for who sleeps 25."""
    made = silence()
    busy = fold(made, [(600.0 * n, 4.0) for n in range(8 * 144)])
    assert made.limit(busy) == timedelta(minutes=30)
    end = 600.0 * (8 * 144 - 1)
    assert made.level(busy, at(end + 1799)).state == "inactive"
    assert made.level(busy, at(end + 1800)).state == "active"
    sleepy = fold(made, [(25 * HOUR * n, 4.0) for n in range(10)])
    assert made.limit(sleepy) == timedelta(hours=26)
    assert made.level(made.start(START), at(DAY)).state == "unknown", "nobody knows its habits yet"


def test_a_sleeping_sensor_is_never_called_silent() -> None:
    """Three weeks of a battery sensor, looked at every ten minutes: reports by day, 25 hours of sleep between; no flap.

    Once it is really gone it is said once, and taken back once when it returns.
    """
    made = silence()
    times: list[float] = []
    now = 0.0
    for _ in range(14):  # awake for three hours, reporting every ten minutes; then asleep for 25 hours
        times += [now + 600 * n for n in range(19)]
        now = times[-1] + 25 * HOUR
    gone = times[-1]
    times += [gone + 40 * HOUR + 600 * n for n in range(6)]
    state, told = made.start(START), list[tuple[str, float]]()
    due = iter(times)
    wake = next(due, None)
    second = 0.0
    while second < times[-1] + HOUR:
        while wake is not None and wake <= second:
            state = made.observe(state, reading(wake, 4.0))
            wake = next(due, None)
        phase = made.level(state, at(second)).state
        if phase != "unknown" and (not told or told[-1][0] != phase):
            told.append((phase, second))
        second += 600
    assert [phase for phase, _ in told] == ["inactive", "active", "inactive"]
    assert told[1][1] == pytest.approx(gone + 26 * HOUR, abs=600)
    assert told[2][1] == pytest.approx(gone + 40 * HOUR, abs=600)


def test_a_device_that_was_set_to_report_less_often_is_not_called_silent_for_ever() -> None:
    """From ten minutes to two hours: said until the third time, then it is its rhythm."""
    made = silence()
    values = [(600.0 * n, 4.0) for n in range(8 * 144)]
    values += [(values[-1][0] + 2 * HOUR * n, 4.0) for n in range(1, 5)]
    state = fold(made, values)
    assert made.limit(state) == timedelta(hours=6)
    assert made.level(state, at(values[-1][0] + 4 * HOUR)).state == "inactive"


def test_the_hubs_own_pause_teaches_nothing() -> None:
    """After a stop of the hub the first reading ends no pause of the device."""
    made = silence()
    state = fold(made, [(DAY * n, 4.0) for n in range(3)])
    before = state["rhythm"]
    after = made.observe(made.resume(state, at(2.5 * DAY)), reading(2.6 * DAY, 4.0))
    assert after["rhythm"] == before


# -- cycles ------------------------------------------------------------------------------------------------------------

FREEZER = {"kind": "threshold", "above": -12, "clear_below": -13, "raise_after": "10m", "spare_cycles": "45m"}


def defrosts(count: int, *, length: float = 25 * MINUTE) -> list[tuple[float, float]]:
    """A freezer at -18 that is at -5 for `length` at the end of each six hours, a value each minute."""
    step = 6 * HOUR
    times = [MINUTE * n for n in range(int(step * count / MINUTE) + 1)]
    return [(at, -5.0 if at % step >= step - length else -18.0) for at in times]


DUE = 29.6 * HOUR
NO_RHYTHM = [(t * HOUR + d * MINUTE, v) for t in (1, 3, 14, 16, 40) for d, v in ((0, -5.0), (20, -18.0))]
SPELLS: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]], str]] = [
    ("the first defrosting is not known yet", defrosts(0), [(60, -5), (720, -5)], "active"),
    ("the fifth is", defrosts(4), [(DUE, -5)], "inactive"),
    ("not if it lasts much longer", defrosts(4), [(DUE, -5), (DUE + 30 * MINUTE, -5)], "active"),
    ("nor if it goes much further", defrosts(4), [(DUE, -5), (DUE + MINUTE, 2)], "active"),
    ("nor if it comes long before it is due", defrosts(4), [(26 * HOUR, -5)], "active"),
    ("spells without rhythm are no cycle", NO_RHYTHM, [(52 * HOUR, -5)], "active"),
    ("long ones teach nothing", defrosts(4, length=50 * MINUTE), [(DUE, -5)], "active"),
]


@pytest.mark.parametrize(("reason", "learned", "then", "state"), SPELLS, ids=[row[0] for row in SPELLS])
def test_defrosting(
    reason: str, learned: list[tuple[float, float]], then: list[tuple[float, float]], state: str
) -> None:
    """A freezer's threshold: what came before, what comes now, and what it says eleven minutes later."""
    found = level(rule(FREEZER), [*learned, *then], then[-1][0] + 11 * MINUTE)
    assert found.state == state, f"{reason}: {found.explanation.en}"


def test_what_is_spared_says_so() -> None:
    """In both languages, with the rhythm that was learned."""
    said = level(rule(FREEZER), [*defrosts(4), (DUE, -5.0)], DUE + 11 * MINUTE).explanation
    assert "温度 -5 °C，属已学习的周期（约每 6 小时" in said.zh
    assert "in its learned cycle (about every 6 h" in said.en


def test_a_value_that_wavers_about_the_limit_is_one_spell() -> None:
    """Two passings within the length of a cycle are one."""
    state = cycles.start()
    for second, beyond in ((0, 1.0), (60, -0.1), (120, 1.0), (600, -1.0)):
        state = cycles.learn(state, beyond, at(second), longest=timedelta(minutes=45))
    assert state["past"] == [[at(0).timestamp(), 600.0, 1.0]]
