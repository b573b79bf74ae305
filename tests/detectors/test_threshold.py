"""Rule `threshold`: limits, boundaries, hysteresis, what changes nothing, and what it says."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from detectors.rule import Level, RuleState
from detectors.rules.threshold import Params, Rule
from ingest.errors import MalformedPayload
from ingest.reading import Quality, Reading

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
FRIDGE = {"id": "fridge-warm", "kind": "threshold", "quantity": "temperature", "above": 8}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def reading(
    value: float, seconds: float, quality: Quality = "good", quantity: str = "temperature", unit: str = "°C"
) -> Reading:
    return Reading("fridge", quantity, value, unit, at(seconds), at(seconds), quality)


def rule(**changes: object) -> Rule:
    keys = {key: value for key, value in (FRIDGE | changes).items() if value is not None}
    return Rule(Params.model_validate(keys))


def fold(made: Rule, *readings: Reading) -> RuleState:
    state = made.start(START)
    for each in readings:
        state = json.loads(json.dumps(made.observe(state, each)))
    return state


def level(made: Rule, now: float, *values: tuple[float, float]) -> Level:
    return made.level(fold(made, *[reading(value, seconds) for seconds, value in values]), at(now))


WITH = {"clear_below": 7, "raise_after": "60s", "clear_after": "30s"}
COLD: dict[str, object] = {"above": None, "below": -12, "clear_above": -14}
ROWS: list[tuple[str, dict[str, object], list[tuple[float, float]], float, str, float]] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("exactly the limit is not above it", {}, [(0, 8.0)], 1, "inactive", 0),
    ("a hair above is", {}, [(0, 8.000001)], 1, "active", 0),
    ("without clear_below it is over at the limit", {}, [(0, 9), (5, 8.0)], 6, "inactive", 5),
    ("raise_after elapses without a new reading", WITH, [(0, 9)], 60, "active", 0),
    ("one moment earlier it has not", WITH, [(0, 9)], 59.999, "unknown", 0),
    ("since is when it became warm", WITH, [(0, 4), (40, 9), (70, 9.5)], 120, "active", 40),
    ("between 7 and 8 it stays", WITH, [(0, 9), (70, 7.5)], 900, "active", 0),
    ("exactly 7 is not below 7", WITH, [(0, 9), (70, 7.0)], 900, "active", 0),
    ("below 7, not for long", WITH, [(0, 9), (70, 6.9)], 99, "active", 0),
    ("below 7 for clear_after", WITH, [(0, 9), (70, 6.9)], 100, "inactive", 70),
    ("between 7 and 8 from below raises nothing", WITH, [(0, 5), (70, 7.9)], 900, "inactive", 0),
    (
        "a dip under the limit starts raise_after anew",
        WITH,
        [(0, 4), (30, 9), (80, 8), (85, 9)],
        140,
        "inactive",
        0,
    ),
    ("below: exactly the limit is not below", {"above": None, "below": 3}, [(0, 3.0)], 1, "inactive", 0),
    ("below: under it is", {"above": None, "below": 3}, [(0, 2.9)], 1, "active", 0),
    ("below: negative limits", COLD | {"clear_above": -10}, [(0, -13)], 1, "active", 0),
    ("below: over only above clear_above", COLD | {"clear_above": -10}, [(0, -13), (5, -10)], 9, "active", 0),
    ("below: over", COLD | {"clear_above": -10}, [(0, -13), (5, -9.9)], 9, "inactive", 5),
    ("a limit of zero is a limit", {"above": 0}, [(0, 0.1)], 1, "active", 0),
    ("infinity is refused, huge is a number", {}, [(0, 1e300)], 1, "active", 0),
    ("silent for longer than no_data_after", {"no_data_after": "1h"}, [(0, 9)], 3601, "unknown", 0),
]


@pytest.mark.parametrize(
    ("reason", "changes", "values", "now", "state", "since"), ROWS, ids=[row[0] for row in ROWS]
)
def test_levels(
    reason: str,
    changes: dict[str, object],
    values: list[tuple[float, float]],
    now: float,
    state: str,
    since: float,
) -> None:
    """Readings (second, value), then a look."""
    found = level(rule(**changes), now, *values)
    assert (found.state, (found.since - START).total_seconds()) == (state, since), reason


NOTHING: list[tuple[str, Reading]] = [
    ("kept by the broker", reading(20, 50, "retained")),
    ("filled in later", reading(20, 5, "backfilled")),
    ("the device's clock is off", reading(20, 50, "uncertain")),
    ("another quantity", reading(20, 50, quantity="humidity")),
    ("older than the latest", reading(20, 5)),
]


@pytest.mark.parametrize(("reason", "news"), NOTHING, ids=[row[0] for row in NOTHING])
def test_what_changes_nothing(reason: str, news: Reading) -> None:
    """The very same state comes back, so nothing is stored either."""
    made = rule()
    state = made.observe(made.start(START), reading(4, 10))
    assert made.observe(state, news) is state, reason


@pytest.mark.parametrize("quality", ["retained", "backfilled", "uncertain"])
def test_a_device_that_sent_nothing_fresh_is_unknown(quality: Quality) -> None:
    """A kept value tells nothing about now."""
    made = rule()
    assert made.level(made.observe(made.start(START), reading(20, 1, quality)), at(9)).state == "unknown"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_refused(value: float) -> None:
    """NaN is neither above nor below: it must not clear anything."""
    made = rule()
    state = made.observe(made.start(START), reading(9, 0))
    with pytest.raises(MalformedPayload) as caught:
        made.observe(state, reading(value, 1))
    assert caught.value.reason == "absurd-value"
    assert made.level(state, at(2)).state == "active"


INVALID: list[tuple[str, dict[str, object], str]] = [
    ("no limit", {"above": None}, "exactly one of"),
    ("two limits", {"below": 3}, "exactly one of"),
    ("clears over the limit", {"clear_below": 9}, "over `above` 8"),
    ("clears under the limit", {"above": None, "below": 3, "clear_above": 2}, "under `below` 3"),
    ("the wrong pair", {"clear_above": 9}, "goes with `clear_below`"),
    ("the other wrong pair", {"above": None, "below": 3, "clear_below": 2}, "goes with `clear_above`"),
    ("no number", {"above": math.nan}, "finite"),
    ("an unknown key", {"over": 8}, "over"),
    ("no duration", {"raise_after": "soon"}, "not a duration"),
    ("a quantity that is no word", {"quantity": "Température"}, "quantity"),
]


@pytest.mark.parametrize(("reason", "changes", "said"), INVALID, ids=[row[0] for row in INVALID])
def test_parameters_that_are_refused(reason: str, changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said) as caught:
        rule(**changes)
    assert caught.value.error_count() == 1, reason


def test_it_says_which_rule_which_limit_since_when() -> None:
    """One sentence in both languages, with the unit, in the county's time."""
    params = Params.model_validate(FRIDGE | WITH)
    made = Rule(params, ZoneInfo("Asia/Shanghai"))
    state = fold(made, reading(9.3, 0))
    said = made.level(state, at(60)).explanation
    assert said.zh == "规则 fridge-warm：温度 9.3 °C，高于上限 8 °C，自 2026-11-22 16:00:00+08:00 起"
    assert said.en == (
        "Rule fridge-warm: temperature 9.3 °C, above the limit of 8 °C, since 2026-11-22 16:00:00+08:00"
    )
    falling = made.level(fold(made, reading(9.3, 0), reading(7.5, 70)), at(80)).explanation
    assert "温度 7.5 °C，曾高于上限 8 °C" in falling.zh
    assert "was above the limit of 8 °C" in falling.en
    assert "没有可用的温度读数" in made.level(made.start(START), at(1)).explanation.zh


def test_value_limit_and_certainty() -> None:
    """The latest value, the limit that raises; a sensor is sure."""
    found = level(rule(**WITH), 80, (0, 9), (70, 7.5))
    assert (found.value, found.limit, found.certainty, found.tracks) == (7.5, 8.0, 1.0, ())
    assert level(rule(), 80).value is None


def test_what_was_active_stays_after_the_hub_was_away() -> None:
    """A restart clears nothing."""
    made = rule()
    state = fold(made, reading(9, 0))
    assert made.resume(state, at(3600)) is state
