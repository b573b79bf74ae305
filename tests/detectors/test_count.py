"""Rule `count`: how many stand in a zone; limits that are reached, passed, and in between."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.track import Track
from tests.detectors.filming import LEFT_HALF, START, Scenes, course, film, level, rule, track

SQUARE: dict[str, object] = {
    "kind": "count", "classes": ["person"], "zone": LEFT_HALF, "zone_name": "square", "above": 2, "clear_below": 2,
    "raise_after": "2s", "clear_after": "3s",
}  # fmt: skip
POST: dict[str, object] = {**SQUARE, "above": None, "clear_below": None, "below": 2}
SET: list[tuple[float, str]] = [(0, "unknown"), (3, "inactive")]


def people(many: int, *, number: int = 1, first: float = 0.0) -> list[Track]:
    """So many in the zone, and one beside it."""
    there = [track(0.0625 * (1 + each), number=number + each, first=first) for each in range(many)]
    return [*there, track(0.75, number=99)]


ROWS: list[tuple[str, dict[str, object], Scenes, float, list[tuple[float, str]]]] = [
    ("one more than the limit, and under the lower one", SQUARE,
     film((0, 4, people(1)), (4, 10, people(3)), (10, 14, people(2)), (14, 20, people(1))), 19,
     [*SET, (6, "active"), (17, "inactive")]),
    ("without a lower one the limit ends it", SQUARE | {"clear_below": None},
     film((0, 6, people(3)), (6, 12, people(2))), 11, [(0, "unknown"), (2, "active"), (9, "inactive")]),
    ("the limit itself raises nothing", SQUARE | {"clear_below": None}, film((0, 6, people(2))), 5, SET),
    ("between the two from the start is not too many", SQUARE, film((0, 6, people(2))), 5, SET),
    ("other ids are as many", SQUARE, film((0, 1, people(3)), (1, 6, people(3, number=20, first=1))), 5,
     [(0, "unknown"), (2, "active")]),
    ("lost from sight for 0.8 s", SQUARE,
     film((0, 4, people(1)), (4, 5, people(3)), (5, 5.8, people(1)), (5.8, 9, people(3))), 8, [*SET, (6, "active")]),
    ("lost from sight for 1.2 s", SQUARE,
     film((0, 4, people(1)), (4, 5, people(3)), (5, 6.2, people(1)), (6.2, 10, people(3))), 9, [*SET, (8.2, "active")]),
    ("fewer than there must be", POST, film((0, 4, people(2)), (4, 8, people(1)), (8, 13, people(2))), 12,
     [*SET, (6, "active"), (11, "inactive")]),
    ("fewer, until there are more than the upper one", POST | {"clear_above": 2},
     film((0, 4, people(1)), (4, 9, people(2)), (9, 14, people(3))), 13,
     [(0, "unknown"), (2, "active"), (12, "inactive")]),
    ("no pictures", SQUARE, film((0, 4, people(3))), 15, [(0, "unknown"), (2, "active"), (13.9, "unknown")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "keys", "scenes", "until", "expected"), ROWS, ids=[row[0] for row in ROWS]
)
def test_courses(
    reason: str, keys: dict[str, object], scenes: Scenes, until: float, expected: list[tuple[float, str]]
) -> None:
    """More than 2 for 2 s, under 2 for 3 s; the times are exact."""
    assert course(rule(keys), scenes, until) == expected, reason


def test_what_is_told() -> None:
    """The count, the limit, the boxes of those in the zone, and a sentence in both languages."""
    found = level(rule(SQUARE), film((0, 4, people(3))), 4)
    assert (found.state, found.since, found.value, found.limit) == ("active", START, 3.0, 2.0)
    assert [each.id for each in found.tracks] == [1, 2, 3]
    assert found.explanation.zh == (
        "规则 r：区域 square 内有 3 个人，多于 2 个已达 2 秒，自 2026-11-22 08:00:00Z 起"
    )
    assert found.explanation.en == (
        "Rule r: 3 × person in the zone square, more than 2 for at least 2 s, since 2026-11-22 08:00:00Z"
    )
    between = level(rule(SQUARE), film((0, 4, people(3)), (4, 6, people(2))), 6)
    assert "was more than 2" in between.explanation.en
    assert "曾多于 2 个" in between.explanation.zh


INVALID: list[tuple[dict[str, object], str]] = [
    ({"above": None, "clear_below": None}, "exactly one of"),
    ({"below": 1}, "exactly one of"),
    ({"clear_above": 4}, "goes with `clear_below`"),
    ({"clear_below": 3}, "`clear_below` 3 is over `above` 2"),
    ({"above": -1}, "above"),
    ({"above": None, "below": 2, "clear_below": 1}, "goes with `clear_above`"),
    (
        {"above": None, "clear_below": None, "below": 3, "clear_above": 2},
        "`clear_above` 2 is under `below` 3",
    ),
]


@pytest.mark.parametrize(("changes", "said"), INVALID, ids=[row[1] for row in INVALID])
def test_parameters_that_are_refused(changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(SQUARE | changes)
