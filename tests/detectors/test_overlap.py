"""Rule `overlap`: a telephone in somebody's hands, beside somebody, without anybody; blinks of a small thing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.track import Track
from tests.detectors.filming import LEFT_HALF, START, Scenes, course, film, level, rule, track

PHONE_USE: dict[str, object] = {
    "kind": "overlap", "classes": ["cell phone"], "others": ["person"], "zone": LEFT_HALF, "zone_name": "stove",
    "raise_after": "3s", "gap": "3s", "clear_after": "2s",
}  # fmt: skip
SET: list[tuple[float, str]] = [(0, "unknown"), (2, "inactive")]


def cook(x: float = 0.25) -> Track:
    """Somebody 0.25 wide and 0.5 high."""
    return track(x, 0.875, number=1, size=(0.25, 0.5))


def phone(x: float = 0.25, *, number: int = 2, certainty: float = 0.8) -> Track:
    """A telephone 0.0625 wide and high."""
    return track(x, 0.625, number=number, label="cell phone", size=(0.0625, 0.0625), certainty=certainty)


ALONE, USING = [cook()], [cook(), phone()]

ROWS: list[tuple[str, Scenes, float, list[tuple[float, str]]]] = [
    ("a telephone in the hands", film((0, 5, USING)), 4, [(0, "unknown"), (3, "active")]),
    ("nobody telephones", film((0, 5, ALONE)), 4, SET),
    ("a telephone without anybody", film((0, 5, [phone()])), 4, SET),
    ("half of it within the person's box", film((0, 5, [cook(), phone(0.375)])), 4, [(0, "unknown"), (3, "active")]),
    ("a quarter of it", film((0, 5, [cook(), phone(0.390625)])), 4, SET),
    ("the person stands beside the zone", film((0, 5, [cook(0.5625), phone(0.5)])), 4, SET),
    ("the model is not sure of it", film((0, 5, [cook(), phone(certainty=0.4)])), 4, SET),
    ("lost from sight for 2.8 s", film((0, 1, USING), (1, 3.8, ALONE), (3.8, 6, USING)), 5,
     [(0, "unknown"), (3.8, "active")]),
    ("lost from sight for 3.2 s", film((0, 1, USING), (1, 4.2, ALONE), (4.2, 9, USING)), 8,
     [(0, "unknown"), (4, "inactive"), (7.2, "active")]),
    ("put down", film((0, 5, USING), (5, 9, ALONE)), 8, [(0, "unknown"), (3, "active"), (7, "inactive")]),
    ("another id of the same telephone", film((0, 2, USING), (2, 5, [cook(), phone(number=5)])), 4,
     [(0, "unknown"), (3, "active")]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "scenes", "until", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(reason: str, scenes: Scenes, until: float, expected: list[tuple[float, str]]) -> None:
    """For 3 s, hidden for less than 3 s, over after 2 s; the times are exact."""
    assert course(rule(PHONE_USE), scenes, until) == expected, reason


def test_what_is_told() -> None:
    """How many, both boxes, how sure the model is of the thing, and a sentence in both languages."""
    found = level(rule(PHONE_USE), film((0, 5, [cook(), phone(certainty=0.6)])), 5)
    assert (found.state, found.since, found.value, found.limit) == ("active", START, 1.0, 0.0)
    assert [each.label for each in found.tracks] == ["cell phone", "person"]
    assert found.certainty == 0.6
    assert found.explanation.zh == (
        "规则 r：区域 stove 内人与手机重叠（1 处）已达 3 秒，自 2026-11-22 08:00:00Z 起"
    )
    assert found.explanation.en == (
        "Rule r: 1 × cell phone at a person in the zone stove for at least 3 s, since 2026-11-22 08:00:00Z"
    )


def test_parameters_that_are_refused() -> None:
    """Mistakes are found when the registry is read."""
    wrong: list[dict[str, object]] = [{"others": []}, {"others": None}, {"share": 0}, {"share": 1.5}]
    for changes in wrong:
        with pytest.raises(ValidationError, match=next(iter(changes))):
            rule(PHONE_USE | changes)
