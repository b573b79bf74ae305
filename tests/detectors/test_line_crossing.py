"""Rule `line-crossing`: which side, which way, round the ends, trembling on the line, ids that change at it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from detectors.track import Track
from tests.detectors.filming import Scenes, at, course, film, level, rule, track

GATE: dict[str, object] = {
    "kind": "line-crossing", "classes": ["person"], "line": [[0.25, 0.5], [0.75, 0.5]], "zone_name": "gate",
    "direction": "right", "within": "10s",
}  # fmt: skip
DOWN = (0.375, 0.4375, 0.5, 0.5625, 0.625)
"""Where feet are at seconds 0, 0.2, …: from above the line, on it at 0.4, below it at 0.6."""
UP = tuple(reversed(DOWN))


def walk(*heights: float, x: float = 0.5, begin: float = 0.0, number: int = 7, first: float = 0.0) -> Scenes:
    """Somebody whose feet are at these heights, one after the other."""
    return [
        (begin + n / 5, [track(x, y, number=number, first=first, size=(0.125, 0.25))])
        for n, y in enumerate(heights)
    ]


def then_nobody(begin: float, end: float = 20.0) -> Scenes:
    """The camera goes on."""
    return film((begin, end, list[Track]()))


ONCE = [(0.0, "inactive"), (0.6, "active"), (10.6, "inactive")]
NEVER = [(0.0, "inactive")]

ROWS: list[tuple[str, dict[str, object], Scenes, list[tuple[float, str]]]] = [
    ("down over an arrow to the right is to its right", {}, walk(*DOWN), ONCE),
    ("up over it is to its left", {}, walk(*UP), NEVER),
    ("the other direction", {"direction": "left"}, walk(*UP), ONCE),
    ("any direction", {"direction": "both"}, walk(*UP), ONCE),
    ("the arrow turned round", {"line": [[0.75, 0.5], [0.25, 0.5]]}, walk(*UP), ONCE),
    ("round its end", {}, walk(*DOWN, x=0.8125), NEVER),
    ("over its very end", {}, walk(*DOWN, x=0.75), ONCE),
    ("slanting, round the end on the way",
     {}, [(0.0, [track(0.75, 0.25)]), (0.6, [track(0.9375, 0.625)])], NEVER),
    ("in one step", {}, [(0.0, [track(0.5, 0.25)]), (0.6, [track(0.5, 0.75)])], ONCE),
    ("trembling on the line", {}, walk(*[0.4921875, 0.5078125] * 10), NEVER),
    ("to the line and back", {}, walk(*[0.4375, 0.5] * 10), NEVER),
    ("a wider margin", {"margin": 0.1}, walk(0.375, 0.4375, 0.5, 0.625, 0.625), ONCE),
    ("with a margin too wide for it", {"margin": 0.2}, walk(*DOWN), NEVER),
    ("another id behind the line", {}, [*walk(0.375, 0.4375), *walk(0.5625, 0.625, begin=0.6, number=8, first=0.6)],
     ONCE),
    ("another id elsewhere", {},
     [*walk(0.375, 0.4375), *walk(0.5625, 0.625, x=0.6875, begin=0.6, number=8, first=0.6)], NEVER),
    ("it begins behind the line", {}, walk(0.5625, 0.625), NEVER),
    ("hidden at the line for two seconds", {}, [*walk(0.375, 0.4375), *then_nobody(0.4, 2.4), *walk(0.5625, begin=2.4)],
     [(0.0, "inactive"), (2.4, "active"), (12.4, "inactive")]),
    ("away for too long", {}, [*walk(0.375, 0.4375), *then_nobody(0.4, 4.4), *walk(0.5625, begin=4.4)], NEVER),
    ("another class", {"classes": ["car"]}, walk(*DOWN), NEVER),
    ("its middle is what counts", {"point": "middle"}, walk(*(y + 0.125 for y in DOWN)), ONCE),
    ("down, up and down again", {}, [*walk(*DOWN), *walk(*UP, begin=1), *walk(*DOWN, begin=2)],
     [(0.0, "inactive"), (0.6, "active"), (12.6, "inactive")]),
    ("two are asked for", {"times": 2}, [*walk(*DOWN), *walk(*DOWN, begin=5, number=8, first=5)],
     [(0.0, "inactive"), (5.6, "active"), (10.6, "inactive")]),
    ("two, too far apart", {"times": 2},
     [*walk(*DOWN), *then_nobody(1, 10), *walk(*DOWN, begin=10, number=8, first=10)], NEVER),
    ("an older frame changes nothing", {}, [*walk(0.375, 0.4375), *walk(0.625)[:1], *walk(0.375, begin=0.4)], NEVER),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "keys", "scenes", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(
    reason: str, keys: dict[str, object], scenes: Scenes, expected: list[tuple[float, str]]
) -> None:
    """An arrow from left to right in the middle of the picture; the times are exact."""
    whole = [*scenes, *then_nobody(scenes[-1][0] + 0.2, 20)]
    assert course(rule(GATE | keys), whole, 19) == expected, reason


def test_what_is_told() -> None:
    """How many crossed, the limit, who it was, since when, and a sentence in both languages."""
    both = [*walk(*DOWN), *walk(*DOWN, begin=1, number=8, first=1)]
    found = level(rule(GATE), both, 2)
    assert (found.state, found.since, found.value, found.limit) == ("active", at(0.6), 2.0, 1.0)
    assert [each.id for each in found.tracks] == [8]
    assert found.explanation.zh == (
        "规则 r：10 秒内 2 个人由左向右越过界线 gate （限 1 个），自 2026-11-22 08:00:00Z 起"
    )
    assert found.explanation.en == (
        "Rule r: 2 × person crossed the line gate to the right within 10 s (limit 1), since 2026-11-22 08:00:00Z"
    )


def test_counting() -> None:
    """With more asked for than ever come, the value is the count."""
    crowd = [scene for n in range(8) for scene in walk(*DOWN, begin=n, number=n + 1, first=n)]
    found = level(rule(GATE | {"times": 1000, "within": "10m"}), crowd, 9)
    assert (found.state, found.value) == ("inactive", 8.0)


def test_nothing_is_known_without_pictures() -> None:
    """Before the first, and ten seconds after the last."""
    made = rule(GATE)
    assert level(made, [], 1).state == "unknown"
    assert level(made, walk(*DOWN), 10.8).state == "inactive"
    assert level(made, walk(*DOWN), 10.9).state == "unknown"


INVALID: list[tuple[dict[str, object], str]] = [
    ({"line": None}, "line"),
    ({"line": [[0, 0]]}, "line"),
    ({"line": [[0, 0], [0.5, 0.5], [1, 1]]}, "line"),
    ({"line": [[0, 0], [640, 480]]}, "lies outside the picture"),
    ({"line": [[0.5, 0.5], [0.5, 0.5]]}, "no length"),
    ({"direction": "north"}, "direction"),
    ({"raise_after": "2s"}, "`within` says how long; leave out `raise_after`"),
    ({"clear_after": "2s"}, "leave out `clear_after`"),
    ({"within": "0s"}, "longer than 0s"),
    ({"zone": [[0, 0], [1, 0], [1, 1]]}, "zone"),
    ({"times": 0}, "times"),
]


@pytest.mark.parametrize(("changes", "said"), INVALID, ids=[f"{n}-{row[1]}" for n, row in enumerate(INVALID)])
def test_parameters_that_are_refused(changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(GATE | changes)
