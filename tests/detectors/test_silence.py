"""Rule `silence`: a device that should speak does not; never said to be well when nothing is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from detectors.rule import Level, RuleState
from detectors.rules.silence import Params, Rule
from ingest.reading import Quality, Reading

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
QUIET = {"id": "quiet", "kind": "silence", "longer_than": "60s"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def heard(
    seconds: float, quality: Quality = "good", quantity: str = "temperature", true_at: float | None = None
) -> Reading:
    return Reading(
        "probe", quantity, 1.0, "", at(seconds if true_at is None else true_at), at(seconds), quality
    )


def rule(**changes: object) -> Rule:
    return Rule(Params.model_validate(QUIET | changes))


def fold(made: Rule, *readings: Reading) -> RuleState:
    state = made.start(START)
    for each in readings:
        state = json.loads(json.dumps(made.observe(state, each)))
    return state


def level(made: Rule, now: float, *readings: Reading) -> Level:
    return made.level(fold(made, *readings), at(now))


HOLD: dict[str, object] = {"clear_after": "20s"}
ROWS: list[tuple[str, dict[str, object], list[Reading], float, str, float]] = [
    ("never heard, not long enough to say", {}, [], 59.9, "unknown", 0),
    ("never heard for that long", {}, [], 60, "active", 0),
    ("heard", {}, [heard(10)], 10, "inactive", 10),
    ("heard, the limit not reached", {}, [heard(10), heard(40)], 99.9, "inactive", 10),
    ("silent since the latest word", {}, [heard(10), heard(40)], 100, "active", 40),
    ("speaks again", {}, [heard(10), heard(100)], 100, "inactive", 100),
    ("speaks again after being silent from the start", {}, [heard(200)], 200, "inactive", 200),
    ("a kept word is no sign of life", {}, [heard(10), heard(50, "retained")], 70, "active", 10),
    ("a back-filled word is none", {}, [heard(10), heard(50, "backfilled")], 70, "active", 10),
    ("a word out of its clock is none", {}, [heard(10), heard(50, "uncertain")], 70, "active", 10),
    ("arrival counts, not the time in the message", {}, [heard(10), heard(50, true_at=9)], 100, "inactive", 10),
    ("another quantity counts without `quantity`", {}, [heard(10), heard(50, quantity="battery")], 100, "inactive", 10),
    ("it does not with `quantity`", {"quantity": "temperature"}, [heard(10), heard(50, quantity="battery")], 100,
     "active", 10),
    ("one word does not end it yet", HOLD, [heard(10), heard(100)], 119.9, "active", 10),
    ("words for clear_after do", HOLD, [heard(10), heard(100)], 120, "inactive", 100),
    ("silent again meanwhile: the same silence", HOLD, [heard(10), heard(100), heard(105)], 165, "active", 10),
    ("silent again later: a new one", HOLD, [heard(10), heard(100), heard(130)], 190, "active", 130),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "changes", "readings", "now", "state", "since"), ROWS, ids=[row[0] for row in ROWS]
)
def test_levels(
    reason: str, changes: dict[str, object], readings: list[Reading], now: float, state: str, since: float
) -> None:
    """A minute is too long."""
    found = level(rule(**changes), now, *readings)
    assert (found.state, (found.since - START).total_seconds()) == (state, since), reason


def test_the_hubs_own_absence_is_not_the_devices_silence() -> None:
    """After an hour in which the hub did not listen, silence counts from the end of it; until then: unknown."""
    made = rule()
    state = made.resume(fold(made, heard(10)), at(3600))
    assert made.level(state, at(3600)).state == "unknown"
    assert made.level(state, at(3659)).state == "unknown"
    assert made.level(state, at(3660)).state == "active"
    assert made.level(made.observe(state, heard(3605)), at(3606)).state == "inactive"


def test_it_says_what_is_missing_and_since_when() -> None:
    """Seconds so far and seconds allowed, and a sentence in both languages."""
    found = level(rule(quantity="temperature"), 100, heard(10))
    assert (found.value, found.limit) == (90.0, 60.0)
    assert found.explanation.zh == "规则 quiet：没有温度读数已达到 1 分钟，自 2026-11-22 08:00:10Z 起"
    assert found.explanation.en == (
        "Rule quiet: no reading of temperature for at least 1 min, since 2026-11-22 08:00:10Z"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"raise_after": "1s"}, "leave out"),
        ({"longer_than": "0s"}, "longer than 0s"),
        ({"quantity": "°"}, "quantity"),
    ],
)
def test_parameters_that_are_refused(changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(**changes)
