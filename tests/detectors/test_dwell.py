"""Rule `dwell`: parked, stopped, left behind: id switches, what hides it, trembling boxes, dark times."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.track import Track
from tests.detectors.filming import LEFT_HALF, START, Scenes, course, film, level, rule, track

KERB: dict[str, object] = {
    "kind": "dwell", "classes": ["car", "truck"], "zone": LEFT_HALF, "zone_name": "kerb", "longer_than": "10s",
    "reach": 0.5, "gap": "3s", "clear_after": "2s",
}  # fmt: skip
NONE: list[Track] = []


def car(x: float = 0.25, *, number: int = 7, first: float = 0.0, label: str = "car") -> list[Track]:
    """A car whose wheels are at x; its width is 0.25."""
    return [track(x, 0.5, number=number, first=first, label=label, size=(0.25, 0.125))]


def steps(*places: tuple[float, float], until: float) -> Scenes:
    """A car that is at x from second t on, for each (t, x)."""
    ends = [begin for begin, _ in places[1:]] + [until]
    return film(*((begin, end, car(x)) for (begin, x), end in zip(places, ends, strict=True)))


BUS = car(label="truck", number=9, first=-5)
"""It was seen elsewhere before: no new id of what it hides."""
SET: list[tuple[float, str]] = [(0, "unknown"), (2, "inactive")]

ROWS: list[tuple[str, Scenes, float, list[tuple[float, str]]]] = [
    ("it stands for so long", film((0, 14, car())), 13, [*SET, (10, "active")]),
    ("it stops for less", film((0, 9.8, car()), (9.8, 16, NONE)), 15, SET),
    ("it leaves the picture", film((0, 15, car()), (15, 25, NONE)), 24, [*SET, (10, "active"), (19.8, "inactive")]),
    ("it leaves the zone", film((0, 15, car()), (15, 25, car(0.75))), 24,
     [*SET, (10, "active"), (19.8, "inactive")]),
    ("a bus hides it for less than the gap", film((0, 6, car()), (6, 8.8, BUS), (8.8, 15, car())), 14,
     [*SET, (10, "active")]),
    ("a bus hides it for longer", film((0, 6, car()), (6, 9.2, BUS), (9.2, 21, car())), 20, [*SET, (19.2, "active")]),
    ("nothing is raised of what is hidden", film((0, 9, car()), (9, 11, NONE), (11, 13, car())), 12,
     [*SET, (11, "active")]),
    ("the tracker gives it another id", film((0, 6, car()), (6, 6.6, NONE), (6.6, 15, car(number=8, first=6.6))), 14,
     [*SET, (10, "active")]),
    ("another id somewhere else is another car",
     film((0, 6, car()), (6, 6.6, NONE), (6.6, 18, car(0.5, number=8, first=6.6))), 17, [*SET, (16.6, "active")]),
    ("another id of a person is no car",
     film((0, 6, car()), (6.6, 15, car(number=8, first=6.6, label="person"))), 14, SET),
    ("its box trembles", [(n / 5, car(0.25 if n % 2 else 0.3125)) for n in range(70)], 13, [*SET, (10, "active")]),
    ("it moves by just the reach", steps((0, 0.25), (6, 0.375), until=15), 14, [*SET, (10, "active")]),
    ("it moves by more than the reach", steps((0, 0.25), (6, 0.4375), until=18), 17, [*SET, (16, "active")]),
    ("it creeps on", steps((0, 0.25), (3, 0.1875), (6, 0.125), (9, 0.0625), (12, 0.0), until=21), 20,
     [*SET, (19, "active")]),
    ("on the zone's side", film((0, 12, car(0.5))), 11, [*SET, (10, "active")]),
    ("beside the zone, though its box reaches in", film((0, 12, car(0.5625))), 11, SET),
    ("in and out of the zone from frame to frame", [(n / 5, car(0.5625 if n % 2 else 0.5)) for n in range(70)], 13,
     [*SET, (10, "active")]),
    ("another class", film((0, 12, car(label="person"))), 11, SET),
    ("a dark time is not counted", [*film((0, 6, car())), *film((30, 36, car()))], 35,
     [*SET, (15.9, "unknown"), (30, "inactive"), (34.2, "active")]),
    ("told before and after a dark time", [*film((0, 12, car())), *film((40, 43, car()))], 42,
     [*SET, (10, "active"), (21.9, "unknown"), (40, "active")]),
    ("after a dark time the camera counts its ids anew",
     [*film((0, 12, car())), *film((40, 43, car(number=1, first=40)))], 42,
     [*SET, (10, "active"), (21.9, "unknown"), (40, "active")]),
    ("after a dark time something else stands there",
     [*film((0, 12, car())), *film((40, 46, car(number=1, first=40, label="person")))], 45,
     [*SET, (10, "active"), (21.9, "unknown"), (40, "active"), (44, "inactive")]),
    ("an older frame changes nothing", [*film((0, 9, car())), (3, NONE), *film((9, 12, car()))], 11,
     [*SET, (10, "active")]),
    ("two cars one after the other, neither for so long",
     film((0, 6, car()), (6, 14, car(number=8, first=5))), 13, SET),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "scenes", "until", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(reason: str, scenes: Scenes, until: float, expected: list[tuple[float, str]]) -> None:
    """Still for 10 s within half a width, hidden for less than 3 s, over after 2 s; the times are exact."""
    assert course(rule(KERB), scenes, until) == expected, reason


def test_moving_about_counts_without_a_reach() -> None:
    """Who walks up and down in the zone stays in it; who walks through does not."""
    keys = KERB | {"classes": ["person"], "reach": None}
    walk = [(n / 5, [track(0.0625 + (n % 5) * 0.0625)]) for n in range(70)]
    assert course(rule(keys), walk, 12) == [*SET, (10, "active")]
    through = [(n / 5, [track(n / 64)]) for n in range(64)]
    assert course(rule(keys), through, 12) == SET


def left(owner_x: float) -> Scenes:
    """A suitcase, and its owner beside it for five seconds."""
    case = track(0.25, number=1, label="suitcase", size=(0.125, 0.125))
    return film((0, 5, [case, track(owner_x, number=2)]), (5, 18, [case]))


COMPANY: list[tuple[str, float, list[tuple[float, str]]]] = [
    ("the owner stands by", 0.375, [*SET, (14.8, "active")]),
    ("just the own width aside", 0.5, [*SET, (14.8, "active")]),
    ("further aside it is alone", 0.5625, [*SET, (10, "active")]),
]


@pytest.mark.parametrize(("reason", "owner_x", "expected"), COMPANY, ids=[row[0] for row in COMPANY])
def test_left_behind(reason: str, owner_x: float, expected: list[tuple[float, str]]) -> None:
    """It counts from when nobody was near any more."""
    keys = KERB | {"classes": ["suitcase"], "unless_near": ["person"]}
    assert course(rule(keys), left(owner_x), 17) == expected, reason


def test_what_is_told() -> None:
    """For how long the longest stands, since when, its box, and a sentence in both languages."""
    found = level(rule(KERB), film((0, 12, car())), 12)
    assert (found.state, found.since, found.value, found.limit) == ("active", START, 12.0, 10.0)
    assert [each.label for each in found.tracks] == ["car"]
    assert found.explanation.zh == (
        "规则 r：区域 kerb 内轿车、货车（1 个）停在原处 12 秒（限 10 秒），自 2026-11-22 08:00:00Z 起"
    )
    assert found.explanation.en == (
        "Rule r: 1 × car or truck stands still in the zone kerb for 12 s (limit 10 s), since 2026-11-22 08:00:00Z"
    )


def test_the_same_since_is_told_after_the_dark() -> None:
    """A camera that was away for half a minute does not make it a new car."""
    found = level(rule(KERB), [*film((0, 12, car())), *film((40, 43, car(number=1, first=40)))], 42.8)
    assert (found.state, found.since) == ("active", START)


INVALID: list[tuple[dict[str, object], str]] = [
    ({"raise_after": "5s"}, "`longer_than` says how long"),
    ({"longer_than": "0s"}, "longer than 0s"),
    ({"longer_than": None}, "longer_than"),
    ({"gap": "0s"}, "`gap` must be longer"),
    ({"reach": 0}, "reach"),
    ({"point": "left"}, "point"),
]


@pytest.mark.parametrize(("changes", "said"), INVALID, ids=[row[1] for row in INVALID])
def test_parameters_that_are_refused(changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(KERB | changes)
