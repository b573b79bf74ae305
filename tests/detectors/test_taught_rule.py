"""Rule `taught`: what it says of probabilities over time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

import pytest
from pydantic import TypeAdapter, ValidationError

from detectors.rule import RuleState, Scene, Sight, TrackRule
from detectors.shelf import AnyRuleParams, build_track_rule
from tests.detectors.filming import START, at

Looks = list[tuple[float, float]]
"""(second after START, probability)"""


def rule(**keys: object) -> TrackRule:
    """Of the folder `bins`."""
    body: Mapping[str, object] = {"id": "r", "kind": "taught", "taught": "bins", **keys}
    return build_track_rule(TypeAdapter(AnyRuleParams).validate_python(body), UTC)


def state_after(made: TrackRule, looks: Looks) -> RuleState:
    """The state after these looks, through JSON after each."""
    state = made.start(START)
    for second, p in looks:
        scene = Scene("cam", at(second), (), (Sight("bins", p, 0.6), Sight("other", 0.99, 0.5)))
        state = json.loads(json.dumps(made.observe(state, scene)))
    return state


@pytest.mark.parametrize(
    ("keys", "looks", "now", "expected", "why"),
    [
        ({}, [], 0, "unknown", "nobody looked"),
        ({}, [(0, 0.2)], 1, "inactive", "below the version's threshold of 0.6"),
        ({}, [(0, 0.6)], 1, "active", "reaching it is enough"),
        ({}, [(0, 0.2), (1, 0.55)], 2, "inactive", "between threshold and a tenth below: what was so stays"),
        ({}, [(0, 0.7), (1, 0.55)], 2, "active", "the same from the other side"),
        ({}, [(0, 0.7), (1, 0.49)], 2, "inactive", "a tenth below"),
        (
            {"above": 0.9},
            [(0, 0.8)],
            1,
            "inactive",
            "a threshold of its own, not reached yet",
        ),
        ({"above": 0.5}, [(0, 0.55)], 1, "active", "and one below the version's"),
        ({"raise_after": "3s"}, [(n, 0.9) for n in range(3)], 2.9, "unknown", "not yet for so long"),
        ({"raise_after": "3s"}, [(n, 0.9) for n in range(4)], 3, "active", "for so long"),
        ({}, [(0, 0.9)], 10.5, "unknown", "no look for ten seconds"),
        (
            {"schedule": [{"hours": "20:00-21:00"}]},
            [(0, 0.9)],
            1,
            "inactive",
            "at eight in the morning it does not judge",
        ),
    ],
)
def test_when_it_holds(keys: dict[str, object], looks: Looks, now: float, expected: str, why: str) -> None:
    """Threshold, margin, durations, hours and silence."""
    made = rule(**keys)
    level = made.level(state_after(made, looks), at(now))
    assert level.state == expected, why
    assert level.explanation.zh
    assert level.explanation.en


def test_what_it_says() -> None:
    """Probability and threshold, for people and for the incident."""
    made = rule(condition="bin-uncovered")
    level = made.level(state_after(made, [(0, 0.87)]), at(1))
    assert (level.value, level.limit, level.certainty) == (0.87, 0.6, 0.87)
    assert "bin-uncovered" in level.explanation.en
    assert "87%" in level.explanation.en
    assert "阈值 60%" in level.explanation.zh


def test_a_frame_without_a_look_changes_nothing() -> None:
    """The very same state comes back."""
    made = rule()
    state = made.start(START)
    scene = Scene("cam", at(1), (), (Sight("other", 0.9, 0.5),))
    assert made.observe(state, scene) is state
    assert made.observe(state, replace(scene, sights=())) is state


@pytest.mark.parametrize("taught", ["../bins", "", "Bins", "a/b"])
def test_folders_that_are_none(taught: str) -> None:
    """The name of a folder below the models' folder."""
    with pytest.raises(ValidationError):
        rule(taught=taught)
