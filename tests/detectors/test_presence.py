"""Rule `presence`: who stands where for how long; blinks of the model, rare frames, dark cameras."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from detectors.rule import Level, RuleState, Scene
from detectors.rules.presence import Params, Rule
from detectors.track import Track

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
LEFT_HALF = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
STORE = {
    "id": "after-hours",
    "kind": "presence",
    "classes": ["person"],
    "zone": LEFT_HALF,
    "zone_name": "store",
    "raise_after": "2s",
    "clear_after": "5s",
}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def track(
    foot_x: float = 0.2,
    *,
    label: str = "person",
    certainty: float = 0.8,
    peak: float = 0.0,
    bottom: float = 0.9,
) -> Track:
    return Track(
        7, label, (foot_x - 0.05, bottom - 0.4, foot_x + 0.05, bottom), certainty, START, START, peak
    )


def rule(**changes: object) -> Rule:
    return Rule(Params.model_validate(STORE | changes))


def fold(made: Rule, scenes: list[tuple[float, list[Track]]]) -> RuleState:
    state = made.start(START)
    for seconds, tracks in scenes:
        state = json.loads(json.dumps(made.observe(state, Scene("cam", at(seconds), tuple(tracks)))))
    return state


def level(made: Rule, now: float, scenes: list[tuple[float, list[Track]]]) -> Level:
    return made.level(fold(made, scenes), at(now))


def film(*parts: tuple[float, float, list[Track]], fps: float = 5) -> list[tuple[float, list[Track]]]:
    """Frames from the first second up to before the second one, all with the same tracks."""
    frames = []
    for begin, end, tracks in parts:
        frames += [(begin + n / fps, tracks) for n in range(round((end - begin) * fps))]
    return frames


HERE, NOBODY = [track()], list[Track]()
ROWS: list[tuple[str, list[tuple[float, list[Track]]], float, str, float]] = [
    ("no frame yet", [], 1, "unknown", 0),
    ("somebody, not for long", film((0, 1.9, HERE)), 1.9, "unknown", 0),
    ("somebody for raise_after", film((0, 2.1, HERE)), 2, "active", 0),
    ("nobody, not for long", film((0, 4, NOBODY)), 4, "unknown", 0),
    ("nobody for clear_after", film((0, 5.1, NOBODY)), 5, "inactive", 0),
    ("walked through quickly", film((0, 6, NOBODY), (6, 7.6, HERE), (7.6, 12, NOBODY)), 12, "inactive", 0),
    ("a blink of 0.8 s", film((0, 6, NOBODY), (6, 7.2, HERE), (7.2, 8, NOBODY), (8, 8.4, HERE)), 8.2, "active", 6),
    ("left for 1.2 s", film((0, 6, NOBODY), (6, 7.2, HERE), (7.2, 8.4, NOBODY), (8.4, 9, HERE)), 9, "inactive", 0),
    ("gone, not for long", film((0, 10, HERE), (10, 14, NOBODY)), 14, "active", 0),
    ("gone for clear_after", film((0, 10, HERE), (10, 15.2, NOBODY)), 15, "inactive", 10),
    ("seen again while clearing", film((0, 10, HERE), (10, 14, NOBODY), (14, 14.4, HERE), (14.4, 19, NOBODY)), 19,
     "active", 0),
    ("a single frame and then none raises nothing", film((0, 6, NOBODY), (6, 6.2, HERE)), 9, "inactive", 0),
    ("nothing clears without frames", film((0, 10, HERE), (10, 10.4, NOBODY)), 19, "active", 0),
    ("no frames for more than 10 s", film((0, 10, HERE)), 20, "unknown", 9.8),
    ("somebody before and after the dark", film((0, 6, NOBODY), (6, 7, HERE), (60, 61, HERE)), 61, "inactive", 0),
    ("active before and after the dark", film((0, 10, HERE), (60, 61, HERE)), 61, "active", 0),
    ("one frame in two seconds still counts", film((0, 4.1, HERE), fps=0.5), 4, "active", 0),
    ("an older frame changes nothing", [*film((0, 6, NOBODY)), (3, HERE)], 6, "inactive", 0),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "scenes", "now", "state", "since"), ROWS, ids=[row[0] for row in ROWS])
def test_courses(
    reason: str, scenes: list[tuple[float, list[Track]]], now: float, state: str, since: float
) -> None:
    """raise_after 2 s, clear_after 5 s, 5 frames a second."""
    found = level(rule(), now, scenes)
    assert (found.state, (found.since - START).total_seconds()) == (state, since), reason


WHO: list[tuple[str, Track, bool]] = [
    ("stands inside", track(0.2), True),
    ("stands outside", track(0.8), False),
    ("on the border", track(0.5), True),
    ("feet outside although the body leans in", track(0.55), False),
    ("at the picture's lower border", track(0.2, bottom=1.0), True),
    ("another class", track(label="dog"), False),
    ("not sure enough", track(certainty=0.49), False),
    ("exactly sure enough", track(certainty=0.5), True),
    ("unsure now, sure before", track(certainty=0.3, peak=0.9), True),
]


@pytest.mark.parametrize(("reason", "who", "counts"), WHO, ids=[row[0] for row in WHO])
def test_who_counts(reason: str, who: Track, counts: bool) -> None:
    """The foot point decides, and the class, and how sure the model was."""
    found = level(rule(raise_after="0s", clear_after="0s"), 1.1, [(0, [who]), (1.1, [who])])
    assert (found.state == "active") is counts, reason


def test_what_decided_is_told() -> None:
    """Count, certainty, tracks for the boxes, and a sentence in both languages."""
    scenes = film((0, 2.2, [track(0.1, certainty=0.6), track(0.3, certainty=0.9), track(0.9)]))
    found = level(rule(), 2.1, scenes)
    assert (found.value, found.limit, found.certainty) == (2.0, 0.0, 0.9)
    assert [each.foot[0] for each in found.tracks] == pytest.approx([0.1, 0.3])
    assert found.explanation.zh == (
        "规则 after-hours：区域 store 内出现人（2 个）已达 2 秒，自 2026-11-22 08:00:00Z 起"
    )
    assert found.explanation.en == (
        "Rule after-hours: 2 × person in the zone store for at least 2 s, since 2026-11-22 08:00:00Z"
    )


def test_tracks_survive_a_blink() -> None:
    """While active and out of sight, the latest boxes are those that decided."""
    found = level(rule(), 4, film((0, 3, HERE), (3, 4, NOBODY)))
    assert found.state == "active"
    assert found.tracks == tuple(HERE)


def test_the_whole_picture_is_the_default_zone() -> None:
    """No zone, no zone's name."""
    made = Rule(Params.model_validate({"id": "x", "kind": "presence", "classes": ["person", "cat"]}))
    found = level(made, 1, [(1, [track(0.99, label="cat", bottom=1.0)])])
    assert found.state == "active"
    assert "画面内出现人、猫" in found.explanation.zh


def test_states_are_json_and_nothing_else_is_remembered() -> None:
    """The same frames give the same state and level, from a rule made anew each time."""
    scenes = film((0, 3, HERE), (3, 3.6, NOBODY), (3.6, 9, HERE))
    state = fold(rule(), scenes)
    assert fold(rule(), scenes) == state
    assert rule().level(json.loads(json.dumps(state)), at(9)) == rule().level(state, at(9))


INVALID: list[tuple[dict[str, object], str]] = [
    ({"classes": []}, "classes"),
    ({"zone": [[0, 0], [1, 1]]}, "at least 3 points"),
    ({"zone": [[0, 0], [1, 1], [1, 0], [0, 1]]}, "sides cross"),
    ({"zone": [[0, 0], [640, 0], [640, 480]]}, "0..1"),
    ({"zone": [[0, 0], [0.5, 0.5], [1, 1]]}, "no area"),
    ({"min_certainty": 50}, "min_certainty"),
    ({"zone_name": "Store room"}, "zone_name"),
]


@pytest.mark.parametrize(("changes", "said"), INVALID, ids=[row[1] for row in INVALID])
def test_parameters_that_are_refused(changes: dict[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said):
        rule(**changes)
