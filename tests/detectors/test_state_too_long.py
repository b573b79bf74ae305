"""Rule `state-too-long`: a door that stays open, power that stays away."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from detectors.rule import Level
from detectors.rules.state_too_long import Params, Rule
from ingest.errors import MalformedPayload
from ingest.reading import Quality, Reading

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
DOOR = {"id": "door-open", "kind": "state-too-long", "quantity": "door", "longer_than": "5m"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def reading(value: float, seconds: float, quality: Quality = "good", quantity: str = "door") -> Reading:
    return Reading("store-door", quantity, value, "", at(seconds), at(seconds), quality)


def rule(**changes: object) -> Rule:
    return Rule(Params.model_validate(DOOR | changes))


def level(made: Rule, now: float, *readings: Reading) -> Level:
    state = made.start(START)
    for each in readings:
        state = json.loads(json.dumps(made.observe(state, each)))
    return made.level(state, at(now))


OPEN, SHUT = 1.0, 0.0
ROWS: list[tuple[str, dict[str, object], list[Reading], float, str, float]] = [
    ("never reported", {}, [], 900, "unknown", 0),
    ("open, not long enough", {}, [reading(SHUT, 0), reading(OPEN, 10)], 309.9, "inactive", 0),
    ("open for exactly the limit", {}, [reading(SHUT, 0), reading(OPEN, 10)], 310, "active", 10),
    (
        "repeated reports do not start anew",
        {},
        [reading(OPEN, s) for s in range(0, 300, 60)],
        300,
        "active",
        0,
    ),
    (
        "shut in between starts anew",
        {},
        [reading(OPEN, 0), reading(SHUT, 200), reading(OPEN, 201)],
        400,
        "inactive",
        200,
    ),
    ("shut ends it", {}, [reading(OPEN, 0), reading(SHUT, 400)], 400, "inactive", 400),
    ("a kept report opens nothing", {}, [reading(OPEN, 0, "retained")], 900, "unknown", 0),
    (
        "a back-filled report opens nothing",
        {},
        [reading(SHUT, 0), reading(OPEN, 5, "backfilled")],
        900,
        "inactive",
        0,
    ),
    ("another quantity", {}, [reading(OPEN, 0, quantity="motion")], 900, "unknown", 0),
    ("the other state", {"equals": False}, [reading(SHUT, 0)], 300, "active", 0),
    (
        "clear_after holds it",
        {"clear_after": "30s"},
        [reading(OPEN, 0), reading(SHUT, 400)],
        429,
        "active",
        0,
    ),
    (
        "raised and over before anybody looked",
        {},
        [reading(OPEN, 0), reading(SHUT, 400)],
        500,
        "inactive",
        400,
    ),
    ("at once", {"longer_than": "0s"}, [reading(OPEN, 7)], 7, "active", 7),
]


@pytest.mark.parametrize(
    ("reason", "changes", "readings", "now", "state", "since"), ROWS, ids=[row[0] for row in ROWS]
)
def test_levels(
    reason: str, changes: dict[str, object], readings: list[Reading], now: float, state: str, since: float
) -> None:
    """Five minutes are too long."""
    found = level(rule(**changes), now, *readings)
    assert (found.state, (found.since - START).total_seconds()) == (state, since), reason


def test_it_says_what_lasts_and_how_long() -> None:
    """Seconds so far and seconds allowed, and a sentence in both languages."""
    found = level(rule(), 420, reading(OPEN, 0))
    assert (found.value, found.limit) == (420.0, 300.0)
    assert found.explanation.zh == "规则 door-open：门开着，已达到 5 分钟，自 2026-11-22 08:00:00Z 起"
    assert (
        found.explanation.en
        == "Rule door-open: the door is open, for at least 5 min, since 2026-11-22 08:00:00Z"
    )
    power = level(rule(id="power", quantity="mains", equals=False), 420, reading(SHUT, 0, quantity="mains"))
    assert "市电中断" in power.explanation.zh


def test_raise_after_is_not_a_second_way_to_say_it() -> None:
    """Two durations for one thing would be a trap."""
    with pytest.raises(ValidationError, match="leave out `raise_after`"):
        rule(raise_after="10s")


def test_no_number_is_refused() -> None:
    """NaN would count as open."""
    made = rule()
    with pytest.raises(MalformedPayload):
        made.observe(made.start(START), reading(math.nan, 1))
