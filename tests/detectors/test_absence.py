"""Rule `absence`: nobody where somebody has to be; somebody for a blink, rare pictures, no pictures."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.track import Track
from tests.detectors.filming import LEFT_HALF, START, Scenes, course, film, level, rule, track

STOVE: dict[str, object] = {
    "kind": "absence", "classes": ["person"], "zone": LEFT_HALF, "zone_name": "stove",
    "raise_after": "5s", "clear_after": "2s",
}  # fmt: skip
COOK, NOBODY = [track()], list[Track]()
OTHER, ASIDE, BORDER = [track(number=8, first=3)], [track(0.75)], [track(0.5)]
SET: list[tuple[float, str]] = [(0, "unknown"), (2, "inactive")]

ROWS: list[tuple[str, Scenes, float, list[tuple[float, str]]]] = [
    ("no picture yet", [], 3, [(0, "unknown")]),
    ("somebody, then nobody for raise_after", film((0, 6, COOK), (6, 14, NOBODY)), 13, [*SET, (11, "active")]),
    ("nobody from the start", film((0, 8, NOBODY)), 7, [(0, "unknown"), (5, "active")]),
    ("gone for less", film((0, 6, COOK), (6, 10.8, NOBODY), (10.8, 14, COOK)), 13, SET),
    ("somebody for 0.8 s: a mistake of the model",
     film((0, 6, COOK), (6, 8, NOBODY), (8, 8.8, COOK), (8.8, 13, NOBODY)), 12, [*SET, (11, "active")]),
    ("somebody for 1.2 s: it begins anew",
     film((0, 6, COOK), (6, 8, NOBODY), (8, 9.2, COOK), (9.2, 16, NOBODY)), 15, [*SET, (14.2, "active")]),
    ("back for less than clear_after", film((0, 12, NOBODY), (12, 13.8, COOK), (13.8, 20, NOBODY)), 19,
     [(0, "unknown"), (5, "active")]),
    ("back for clear_after", film((0, 12, NOBODY), (12, 20, COOK)), 19,
     [(0, "unknown"), (5, "active"), (14, "inactive")]),
    ("another id is somebody too", film((0, 3, COOK), (3, 9, OTHER)), 8, SET),
    ("somebody beside the zone is not there", film((0, 7, ASIDE)), 6, [(0, "unknown"), (5, "active")]),
    ("somebody on the zone's side is there", film((0, 7, BORDER)), 6, SET),
    ("no pictures is not absence", film((0, 6, COOK)), 20, [*SET, (15.9, "unknown")]),
    ("a dark time does not count", [*film((0, 6, COOK), (6, 8, NOBODY)), *film((30, 34, NOBODY))], 33,
     [*SET, (17.9, "unknown"), (30, "inactive")]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "scenes", "until", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(reason: str, scenes: Scenes, until: float, expected: list[tuple[float, str]]) -> None:
    """raise_after 5 s, clear_after 2 s, 5 frames a second; the times are exact."""
    assert course(rule(STOVE), scenes, until) == expected, reason


def test_what_is_told() -> None:
    """How many are there, since when nobody is, and a sentence in both languages."""
    found = level(rule(STOVE), film((0, 6, NOBODY)), 6)
    assert (found.state, found.since, found.value, found.limit, found.tracks) == (
        "active",
        START,
        0.0,
        1.0,
        (),
    )
    assert found.explanation.zh == "规则 r：区域 stove 内没有人已达 5 秒，自 2026-11-22 08:00:00Z 起"
    assert found.explanation.en == (
        "Rule r: no person in the zone stove for at least 5 s, since 2026-11-22 08:00:00Z"
    )
    there = level(rule(STOVE), film((0, 6, COOK)), 6)
    assert (there.value, "1 × person in the zone stove" in there.explanation.en) == (1.0, True)


def test_a_length_must_be_given() -> None:
    """Without one every blink of the model would raise."""
    with pytest.raises(ValidationError, match="give `raise_after`"):
        rule(STOVE | {"raise_after": None})
