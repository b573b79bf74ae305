"""Dry run: past readings give what a rule would have told live, second for second."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from detectors.dry_run import dry_run
from detectors.rule import ReadingRule
from ingest.reading import Reading
from tests.detectors.folding import START, at, reading, rule

RULES: list[Mapping[str, object]] = [
    {"kind": "threshold", "above": 8, "clear_below": 7, "raise_after": "90s", "clear_after": "30s"},
    {"kind": "silence", "quantity": None, "longer_than": "4m"},
    {
        "kind": "range",
        "low": 2,
        "high": 8,
        "schedule": [{"hours": "08:20-08:40", "high": 5}],
        "raise_after": "45s",
    },
    {"kind": "exposure", "above": 8, "at_most": "6m", "reset_after": "5m"},
    {"kind": "repeated", "above": 8, "times": 2, "within": "40m"},
    {"kind": "rate-of-change", "rises": 3, "within": "5m"},
]


def live(made: ReadingRule, rows: list[Reading], seconds: int) -> list[tuple[float, float | None]]:
    """Looked at every second, as `serve` does: when it was active, from and to."""
    state, active, told = made.start(START), False, list[tuple[float, float | None]]()
    left = list(rows)
    for second in range(seconds + 1):
        while left and left[0].received_at <= at(second):
            state = made.observe(state, left.pop(0))
        now = made.level(state, at(second)).state == "active"
        if now and not active:
            told.append((second, None))
        elif active and not now:
            told[-1] = (told[-1][0], second)
        active = now
    return told


@pytest.mark.parametrize("keys", RULES, ids=[str(each["kind"]) for each in RULES])
def test_it_tells_what_a_live_run_tells(keys: Mapping[str, object]) -> None:
    """An hour and a half of a wandering temperature with gaps: the same spells, each end within a second."""
    dice, value, second, rows = random.Random(3), 5.0, 0.0, list[Reading]()
    while second < 5000:
        value += dice.gauss(0.05 * (6.5 - value), 1.2)
        rows.append(reading(round(second), round(value, 1)))
        second += dice.choice([20, 30, 60, 60, 400 if dice.random() < 0.2 else 45])
    made = rule(keys)
    found = dry_run(made, rows, begin=START, since=START, until=at(5400))
    expected = live(made, rows, 5400)
    assert expected, "a row without a spell proves nothing"
    assert len(found.spells) == len(expected)
    for spell, (begin, end) in zip(found.spells, expected, strict=True):
        assert (spell.raised_at - START).total_seconds() == pytest.approx(begin, abs=1)
        assert (spell.cleared_at is None) == (end is None)
        if spell.cleared_at is not None:
            assert (spell.cleared_at - START).total_seconds() == pytest.approx(end, abs=1)


def test_what_came_late_raises_nothing() -> None:
    """Back-filled and retained values are played as they arrived, with their quality."""
    rows = [
        reading(0, 4),
        reading(60, 20, quality="retained"),
        reading(30, 20, quality="backfilled"),
        reading(90, 4),
    ]
    rule_ = rule({"kind": "threshold", "above": 8})
    found = dry_run(rule_, rows, begin=START, since=START, until=at(600))
    assert (found.spells, found.used, found.last.state) == ((), 2, "inactive")


def test_what_ended_before_is_not_told() -> None:
    """The lead is for learning only."""
    rows = [reading(0, 9), reading(60, 4), reading(600, 9), reading(660, 4)]
    found = dry_run(rule({"kind": "threshold", "above": 8}), rows, begin=START, since=at(300), until=at(900))
    assert [(each.raised_at, each.cleared_at) for each in found.spells] == [(at(600), at(660))]


def test_a_spell_that_ends_without_data_says_so() -> None:
    """Unknown is not over."""
    made = rule({"kind": "threshold", "above": 8, "no_data_after": "10m"})
    (spell,) = dry_run(made, [reading(0, 9)], begin=START, since=START, until=at(3600)).spells
    assert spell.unknown
    assert spell.cleared_at is not None
    assert (spell.cleared_at - START).total_seconds() == pytest.approx(600, abs=1)
