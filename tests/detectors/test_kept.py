"""What a rule remembers in memory and what it remembers as JSON are the same, frame after frame."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from detectors.kept import Kept, read
from detectors.rule import Scene
from tests.detectors.filming import LEFT_HALF, at, rule, track

KINDS: list[dict[str, object]] = [
    {"kind": "presence", "raise_after": "2s"},
    {"kind": "absence", "raise_after": "500ms", "zone": LEFT_HALF},
    {"kind": "count", "above": 1, "raise_after": "1s"},
    {"kind": "dwell", "longer_than": "2s", "reach": 0.5, "zone": LEFT_HALF},
    {"kind": "line-crossing", "line": [[0.5, 0], [0.5, 1]]},
    {"kind": "queue", "above": 1},
    {"kind": "congestion", "occupancy": 0.03, "at_least": 1},
    {"kind": "overlap", "others": ["person"], "share": 0.1},
]


def scene(n: int) -> Scene:
    """Three who walk to the right, stop, and change their ids; nobody for a while."""
    if 20 <= n < 24:
        return Scene("cam", at(n / 5), ())
    number, first, way = (1, 0.0, min(n, 12)) if n < 24 else (11, 4.8, 12)
    walking = [track(0.25 + way / 80 + each / 16, number=number + each, first=first) for each in range(3)]
    return Scene("cam", at(n / 5), tuple(replace(each, at=at(n / 5)) for each in walking))


@pytest.mark.parametrize("keys", KINDS, ids=[str(each["kind"]) for each in KINDS])
def test_memory_and_json_are_one(keys: dict[str, object]) -> None:
    """A rule whose state goes through JSON says the same as one whose state stays in memory."""
    made = rule({"classes": ["person"], **keys})
    kept = stored = made.start(at(0))
    said = set[str]()
    for n in range(40):
        kept, stored = made.observe(kept, scene(n)), json.loads(json.dumps(made.observe(stored, scene(n))))
        assert json.loads(json.dumps(kept)) == stored
        level = made.level(kept, at(n / 5 + 0.1))
        assert level == made.level(stored, at(n / 5 + 0.1))
        said.add(level.state)
    assert len(said) >= 2, "the row must change something"


def test_a_table_of_something_else_is_read() -> None:
    """Only what it was made of is taken from memory."""
    table = Kept(3, {"n": 5})
    assert read(table, int, lambda _: 0) == 3
    assert read(table, str, lambda kept: str(kept["n"])) == "5"
    assert read({"n": 5}, int, lambda _: 7) == 7
