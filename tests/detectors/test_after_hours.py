"""Schedules of rules over tracks: outside their hours nothing is wrong; what stood there counts from the opening."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.detectors.filming import Scenes, course, film, level, rule, track

SHANGHAI = ZoneInfo("Asia/Shanghai")
PRESENCE: dict[str, object] = {
    "kind": "presence",
    "classes": ["person"],
    "raise_after": "2s",
    "clear_after": "5s",
}
ABSENCE: dict[str, object] = {"kind": "absence", "classes": ["person"], "raise_after": "5s"}
DWELL: dict[str, object] = {"kind": "dwell", "classes": ["person"], "longer_than": "10s"}
COUNT: dict[str, object] = {"kind": "count", "classes": ["person"], "below": 2, "raise_after": "3s"}
LINE: dict[str, object] = {"kind": "line-crossing", "classes": ["person"], "line": [[0, 0.5], [1, 0.5]]}
FROM_ONE, TO_ONE = [{"hours": "08:01-20:00"}], [{"hours": "07:00-08:01"}]
HERE: Scenes = film((0, 75, [track()]))
NOBODY: Scenes = film((0, 75, []))
DOWN: Scenes = [(0, [track(y=0.25)]), (0.2, [track(y=0.75)]), *film((0.4, 1, []))]

ROWS: list[tuple[str, dict[str, object], Scenes, list[tuple[float, str]]]] = [
    ("somebody counts from the opening on", PRESENCE | {"schedule": FROM_ONE}, HERE,
     [(0, "unknown"), (5, "inactive"), (62, "active")]),
    ("somebody still there at the end of the hours", PRESENCE | {"schedule": TO_ONE}, HERE,
     [(0, "unknown"), (2, "active"), (65, "inactive")]),
    ("nobody is missed outside the hours", ABSENCE | {"schedule": FROM_ONE}, NOBODY,
     [(0, "inactive"), (65, "active")]),
    ("a stay counts from the opening on", DWELL | {"schedule": FROM_ONE}, HERE, [(0, "inactive"), (70, "active")]),
    ("a stay ends with the hours", DWELL | {"schedule": TO_ONE}, HERE,
     [(0, "inactive"), (10, "active"), (60, "inactive")]),
    ("too few are too few within the hours", COUNT | {"schedule": FROM_ONE}, HERE,
     [(0, "inactive"), (63, "active")]),
    ("another day of the week", PRESENCE | {"schedule": [{"days": "mon-sat"}]}, HERE,
     [(0, "unknown"), (5, "inactive")]),
    ("the second line is open", PRESENCE | {"schedule": [{"days": "mon-sat"}, {"days": "sun"}]}, HERE,
     [(0, "unknown"), (2, "active")]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "keys", "scenes", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(
    reason: str, keys: dict[str, object], scenes: Scenes, expected: list[tuple[float, str]]
) -> None:
    """It is eight o'clock on a Sunday (UTC); the hours begin or end a minute later."""
    assert course(rule(keys), scenes, 74) == expected, reason


def test_the_hours_are_the_countys() -> None:
    """Eight o'clock in UTC is four in the afternoon in the county."""
    made = rule(PRESENCE | {"schedule": [{"hours": "15:30-17:00"}]}, SHANGHAI)
    assert level(made, HERE, 74).state == "active"
    made = rule(PRESENCE | {"schedule": [{"hours": "07:30-09:00"}]}, SHANGHAI)
    closed = level(made, HERE, 74)
    assert closed.state == "inactive"
    assert "此时段不判断" in closed.explanation.zh
    assert "is not judged at this hour" in closed.explanation.en


def test_a_line_counts_within_the_hours_only() -> None:
    """What crosses outside is followed and not counted."""
    assert level(rule(LINE | {"schedule": TO_ONE}), DOWN, 1).value == 1.0
    assert level(rule(LINE | {"schedule": FROM_ONE}), DOWN, 1).value == 0.0


def test_hours_that_are_none() -> None:
    """Found when the registry is read."""
    with pytest.raises(ValidationError, match="are no hours"):
        rule(PRESENCE | {"schedule": [{"hours": "21:00"}]})
