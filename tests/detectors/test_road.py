"""Rules `queue` and `congestion`: what stands or creeps, how full a road is, and how fast it moves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.rules.congestion import Params as Congestion
from detectors.track import Track
from tests.detectors.filming import LEFT_HALF, START, Scenes, course, film, level, rule, track

LANE: dict[str, object] = {"classes": ["car", "bus"], "zone": LEFT_HALF, "zone_name": "lane"}
QUEUE = LANE | {"kind": "queue", "above": 2, "clear_below": 2, "raise_after": "2s", "clear_after": "3s"}
JAM = LANE | {"kind": "congestion", "raise_after": "2s", "clear_after": "3s"}


def cars(many: int, *, x: float = 0.125, number: int = 1, first: float = 0.0) -> list[Track]:
    """So many one behind the other, each 0.125 wide and high, and one beside the lane."""
    size = (0.125, 0.125)
    lane = [
        track(x, 0.25 + 0.1875 * each, number=number + each, label="car", size=size, first=first)
        for each in range(many)
    ]
    return [*lane, track(0.75, 0.5, number=99, label="car", size=size)]


def moving(pace: float, seconds: float) -> Scenes:
    """Three cars that move by `pace` of their width a second."""
    return [(n / 5, cars(3, x=0.125 + 0.125 * pace * n / 5)) for n in range(round(seconds * 5))]


SET: list[tuple[float, str]] = [(0, "unknown"), (3, "inactive")]

ROWS: list[tuple[str, Scenes, float, list[tuple[float, str]]]] = [
    ("three stand", film((0, 6, cars(3))), 5, [(0, "unknown"), (3, "active")]),
    ("two stand", film((0, 6, cars(2))), 5, SET),
    ("two are left, then one", film((0, 10, cars(3)), (10, 14, cars(2)), (14, 20, cars(1))), 19,
     [(0, "unknown"), (3, "active"), (17, "inactive")]),
    ("three creep", moving(0.1, 6), 5, [(0, "unknown"), (3, "active")]),
    ("three drive", moving(0.4, 6), 5, SET),
    ("the tracker gives all of them other ids", film((0, 2, cars(3)), (2, 6, cars(3, number=11, first=2))), 5,
     [(0, "unknown"), (3, "active")]),
    ("others that were seen before take their places",
     film((0, 2, cars(3)), (2, 6, cars(3, number=11, first=-1))), 5.5, [(0, "unknown"), (5, "active")]),
    ("lost from sight for 0.8 s", film((0, 2, cars(3)), (2, 2.8, cars(0)), (2.8, 6, cars(3))), 5,
     [(0, "unknown"), (3, "active")]),
    ("a picture every four seconds", film((0, 24, cars(3)), fps=0.25), 19, [(0, "unknown"), (8, "active")]),
    ("no pictures", film((0, 6, cars(3))), 16.5, [(0, "unknown"), (3, "active"), (15.9, "unknown")]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "scenes", "until", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_queues(reason: str, scenes: Scenes, until: float, expected: list[tuple[float, str]]) -> None:
    """More than 2 for 2 s, under 2 for 3 s; a thing counts once it was seen for a second; the times are exact."""
    assert course(rule(QUEUE), scenes, until) == expected, reason


def test_what_a_queue_tells() -> None:
    """How many wait, the limit, their boxes, and a sentence in both languages."""
    found = level(rule(QUEUE), film((0, 5, cars(3))), 5)
    assert (found.state, found.value, found.limit) == ("active", 3.0, 2.0)
    assert [each.id for each in found.tracks] == [1, 2, 3]
    assert found.explanation.zh == (
        "规则 r：区域 lane 内排队轿车、客车 3 个，多于 2 个已达 2 秒，自 2026-11-22 08:00:01Z 起"
    )
    assert found.explanation.en == (
        "Rule r: 3 × car or bus queue in the zone lane, more than 2 for at least 2 s, since 2026-11-22 08:00:01Z"
    )


def block(*bottoms: float) -> list[Track]:
    """Things as wide as the lane and a quarter of it high, one for each lower side."""
    return [
        track(0.25, bottom, number=n + 1, label="bus", size=(0.5, 0.25)) for n, bottom in enumerate(bottoms)
    ]


FULL = block(0.25, 0.5, 0.75)

JAMS: list[tuple[str, dict[str, object], Scenes, float, list[tuple[float, str]]]] = [
    ("full, and it stands", {}, film((0, 6, FULL)), 5, [(0, "unknown"), (3, "active")]),
    ("full, and then empty", {}, film((0, 8, FULL), (8, 14, block(0.25))), 13,
     [(0, "unknown"), (3, "active"), (11, "inactive")]),
    ("two things are no congestion", {}, film((0, 6, block(0.25, 0.5))), 5, SET),
    ("two are enough where that is said", {"at_least": 2}, film((0, 6, block(0.25, 0.5))), 5,
     [(0, "unknown"), (3, "active")]),
    ("one behind another covers no more", {"occupancy": 0.51}, film((0, 6, block(0.25, 0.5, 0.5))), 5, SET),
    ("just what is asked for", {"occupancy": 0.5}, film((0, 6, block(0.25, 0.5, 0.5))), 5,
     [(0, "unknown"), (3, "active")]),
    ("what stands beside the lane does not cover it", {"occupancy": 0.2, "at_least": 1},
     film((0, 6, [track(0.5625, 0.5, label="bus", size=(0.5, 0.5))])), 5, SET),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "keys", "scenes", "until", "expected"), JAMS, ids=[row[0] for row in JAMS]
)
def test_congestion(
    reason: str, keys: dict[str, object], scenes: Scenes, until: float, expected: list[tuple[float, str]]
) -> None:
    """Half covered and slow for 2 s; how fast they are is known after a second; the times are exact."""
    assert course(rule(JAM | keys), scenes, until) == expected, reason


LIMITS: dict[str, object] = {
    "occupancy": 0.5,
    "clear_occupancy": 0.4,
    "slower_than": 0.2,
    "clear_faster_than": 0.5,
}
VERDICTS: list[tuple[str, float, float | None, int, bool | None]] = [
    ("full and slow", 0.6, 0.1, 5, True),
    ("both limits reached", 0.5, 0.2, 3, True),
    ("full and fast", 0.6, 0.6, 5, False),
    ("full, neither slow nor fast", 0.6, 0.3, 5, None),
    ("fast is only what is faster", 0.6, 0.5, 5, None),
    ("slow, neither full nor free", 0.45, 0.1, 5, None),
    ("just not free", 0.4, 0.1, 5, None),
    ("free", 0.39, 0.1, 5, False),
    ("too few", 0.9, 0.0, 2, False),
    ("nobody knows how fast", 0.9, None, 5, None),
    ("nobody knows how fast, and free", 0.1, None, 5, False),
]


@pytest.mark.parametrize(
    ("reason", "covered", "speed", "many", "expected"), VERDICTS, ids=[r[0] for r in VERDICTS]
)
def test_verdicts(reason: str, covered: float, speed: float | None, many: int, expected: bool | None) -> None:
    """Both limits must be reached; either of the others ends it."""
    params = Congestion.model_validate({"id": "r", **JAM, **LIMITS})
    assert params.verdict(covered, speed, many) is expected, reason


def test_what_a_congestion_tells() -> None:
    """How full, how fast, the limits, and a sentence in both languages."""
    found = level(rule(JAM), film((0, 6, FULL)), 6)
    assert (found.state, found.value, found.limit, len(found.tracks)) == ("active", 0.75, 0.5, 3)
    assert found.explanation.zh == (
        "规则 r：区域 lane 占用 75%，平均每秒移动 0.00 个车身（限 50% 且 0.2），"
        "拥堵已达 2 秒，自 2026-11-22 08:00:01Z 起"
    )
    assert (
        "is 75% covered, 0.00 of their size per second (limits 50% and 0.2): congestion"
        in found.explanation.en
    )
    assert found.since > START


INVALID: list[tuple[dict[str, object], str]] = [
    (QUEUE | {"above": None}, "above"),
    (QUEUE | {"clear_below": 3}, "`clear_below` 3 is over `above` 2"),
    (QUEUE | {"slower_than": 0}, "slower_than"),
    (JAM | {"occupancy": 1.5}, "occupancy"),
    (JAM | {"clear_occupancy": 0.6}, "`clear_occupancy` 0.6 is over `occupancy` 0.5"),
    (JAM | {"clear_faster_than": 0.1}, "`clear_faster_than` 0.1 is under `slower_than` 0.2"),
]


@pytest.mark.parametrize(("keys", "said"), INVALID, ids=[row[1] for row in INVALID])
def test_parameters_that_are_refused(keys: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(keys)
