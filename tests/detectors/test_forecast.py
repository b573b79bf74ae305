"""Rule `forecast`: when it speaks before the limit is passed, when it keeps still, and how sure it says it is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from detectors import trend
from detectors.rule import Level
from tests.detectors.folding import START, at, reading, rule

MINUTE, HOUR = 60.0, 3600.0
FRIDGE = {"kind": "forecast", "above": 8, "ahead": "20m"}


def cooled(second: float, noise: random.Random) -> float:
    """A fridge that is cooled in turns of forty minutes between 3 and 5.5 °C."""
    turn = (second % (40 * MINUTE)) / (40 * MINUTE)
    value = 3 + 2.5 * (turn / 0.6 if turn < 0.6 else (1 - turn) / 0.4)
    return round(value + noise.gauss(0, 0.1), 1)


def run(course: Callable[[float, float], float], hours: float, **keys: object) -> list[tuple[float, Level]]:
    """Every change of state: second and level. `course` makes the value from the second and the usual one."""
    made, noise = rule({**FRIDGE, **keys}), random.Random(7)
    state, told = made.start(START), list[tuple[float, Level]]()
    for n in range(int(hours * 60)):
        second = MINUTE * n
        state = made.observe(state, reading(second, round(course(second, cooled(second, noise)), 2)))
        found = made.level(state, at(second))
        if not told or told[-1][1].state != found.state:
            told.append((second, found))
    return told


def warming(begin: float, per_hour: float) -> Callable[[float, float], float]:
    """The fridge as usual; from `begin` on the compressor is dead and it warms towards the room."""

    def value(second: float, usual: float) -> float:
        if second < begin:
            return usual
        return 4 + 21 * (1 - math.exp(-per_hour * (second - begin) / HOUR / 21))

    return value


def test_it_speaks_before_the_limit_is_passed() -> None:
    """A dead compressor: raised while there is still time, once, with how long and how surely."""
    told = run(warming(12 * HOUR, 9), 13)
    assert [each.state for _, each in told] == ["inactive", "active"]
    second, found = told[1]
    passes = 12 * HOUR + -math.log(1 - 4 / 21) * 21 / 9 * HOUR
    assert 4 * MINUTE < passes - second < 20 * MINUTE
    assert found.certainty >= 0.9
    assert "预计约 " in found.explanation.zh
    assert "把握为 9" in found.explanation.zh
    assert "expected above 8 °C in about" in found.explanation.en


KEEPS: list[tuple[str, Callable[[float, float], float], dict[str, object]]] = [
    ("being cooled in turns", lambda _s, usual: usual, {}),
    ("with one absurd value", lambda s, usual: 7.9 if s == 600 * MINUTE else usual, {}),
    ("with a noisy probe", lambda s, usual: usual + 1.5 * math.sin(s), {}),
    # For three minutes it looks like the beginning of the end: that is what raise_after is for.
    ("warmed by a step that stays", lambda s, usual: usual + (s > 12 * HOUR), {"raise_after": "5m"}),
]


@pytest.mark.parametrize(("reason", "course", "keys"), KEEPS, ids=[row[0] for row in KEEPS])
def test_it_keeps_still(
    reason: str, course: Callable[[float, float], float], keys: dict[str, object]
) -> None:
    """A day and a half of a fridge that never passes its limit."""
    assert [each.state for _, each in run(course, 36, **keys)] == ["inactive"], reason


def test_a_learned_defrosting_is_not_forecast() -> None:
    """Every six hours up to 7.5 °C: spared once it is known, and never again after the third."""

    def course(second: float, usual: float) -> float:
        left = second % (6 * HOUR) - (6 * HOUR - 30 * MINUTE)
        return usual if left < 0 else max(usual, 4 + 3.5 * math.sin(math.pi * left / (30 * MINUTE)))

    late = [second for second, each in run(course, 72, spare_cycles="45m") if each.state == "active"]
    assert all(second < 30 * HOUR for second in late)


def test_falling_is_forecast_too() -> None:
    """`below`: hot holding that cools."""
    told = run(
        lambda s, usual: 70 + usual / 5 - max(0.0, s - 12 * HOUR) / HOUR * 15, 13, above=None, below=60
    )
    assert [each.state for _, each in told] == ["inactive", "active"]
    assert "expected below 60 °C" in told[1][1].explanation.en


def test_no_single_value_bends_the_line() -> None:
    """Theil and Sen: a fifth of the points may be anything."""
    points = [(60.0 * n, 4 + 0.1 * n) for n in range(15)]
    wild = [(t, 99.0 if n in {3, 7, 11} else v) for n, (t, v) in enumerate(points)]
    line = trend.fit(wild, grain=0.1)
    assert line is not None
    assert line.slope * 60 == pytest.approx(0.1, abs=0.01)
    assert trend.fit(points[:4], grain=0.1) is None
    now = points[-1][0]
    assert line.chance_over(8, now, 3600) > 0.9
    assert line.chance_over(20, now, 3600) < 0.1


def test_without_readings_nothing_is_forecast() -> None:
    """An hour without data: unknown."""
    made = rule(FRIDGE)
    state = made.observe(made.start(START), reading(0, 5))
    assert made.level(state, at(HOUR + 1)).state == "unknown"
