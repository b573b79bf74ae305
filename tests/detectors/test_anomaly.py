"""Rule `anomaly`: what is usual at an hour is learned; what is not is told; what was told teaches nothing at first."""

from __future__ import annotations

import json
import random

import pytest

from detectors.rule import Level, RuleState
from tests.detectors.folding import START, at, reading, rule

HOUR, DAY = 3600.0, 86400.0
MADE = rule({"kind": "anomaly", "deviations": 4})


def usual(second: float, dice: random.Random) -> float:
    """Warmer by day than by night."""
    return 4 + 2 * (9 <= (second / HOUR + 8) % 24 < 18) + dice.gauss(0, 0.2)


def run(days: float, odd: dict[int, float]) -> tuple[RuleState, list[tuple[float, Level]]]:
    """A value each five minutes; in the hours `odd` (of the run) it is higher by so much. The changes of state."""
    dice, state, told = random.Random(5), MADE.start(START), list[tuple[float, Level]]()
    for n in range(int(days * 288)):
        second = 300.0 * n
        value = usual(second, dice) + odd.get(int(second // HOUR), 0)
        state = MADE.observe(state, reading(second, round(value, 2)))
        found = MADE.level(state, at(second))
        if not told or told[-1][1].state != found.state:
            told.append((second, found))
    return state, told


ROWS: list[tuple[str, float, dict[int, float], list[int]]] = [
    ("an even week and a half", 10, {}, []),
    ("nothing is told before five days are known", 4, {70: 5, 80: 5}, []),
    ("an hour that is not as usual", 8, {170: 3}, [170]),
    ("at night, what is usual by day", 8, {7 * 24 + 12: 2}, [7 * 24 + 12]),
    ("what was told teaches nothing: told again the next day", 9, {170: 3, 194: 3}, [170, 194]),
    (
        "from the third day on it is learned",
        12,
        dict.fromkeys((170, 194, 218, 242, 266), 3.0),
        [170, 194, 218],
    ),
]


@pytest.mark.parametrize(("reason", "days", "odd", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_told(reason: str, days: float, odd: dict[int, float], expected: list[int]) -> None:
    """The hours in which it became active."""
    _, told = run(days, odd)
    assert [int(second // HOUR) for second, each in told if each.state == "active"] == expected, reason


def test_it_says_what_is_usual() -> None:
    """In both languages; while learning it says so."""
    state, told = run(8, {170: 3})
    (raised,) = [each for _, each in told if each.state == "active"]
    assert "此时段通常为" in raised.explanation.zh
    assert "standard deviations away (limit 4)" in raised.explanation.en
    assert "still learning" in told[0][1].explanation.en
    assert len(json.dumps(state)) < 4000


def test_nothing_is_known_without_readings() -> None:
    """Nor is a value of another kind a reading."""
    state = MADE.start(START)
    assert MADE.level(state, at(10)).state == "unknown"
    assert MADE.observe(state, reading(0, 1, "humidity")) is state
    assert MADE.observe(state, reading(0, 1, quality="retained")) is state
