"""Filming: a rule over scripted tracks, frame by frame, its state through JSON after each; when its level changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from pydantic import TypeAdapter

from detectors.rule import Level, RuleState, Scene, TrackRule
from detectors.shelf import AnyRuleParams, build_track_rule
from detectors.track import Track

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
"""A Sunday."""

Scenes = list[tuple[float, list[Track]]]
"""(second after START, what is seen)."""

LEFT_HALF = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]

TICK = 10
"""Looks a second."""


def at(seconds: float) -> datetime:
    """A moment after START."""
    return START + timedelta(seconds=seconds)


def track(
    x: float = 0.25,
    y: float = 0.875,
    *,
    number: int = 7,
    label: str = "person",
    size: tuple[float, float] = (0.125, 0.25),
    certainty: float = 0.8,
    first: float = 0.0,
) -> Track:
    """A thing whose bottom centre is at x, y; it was first seen at second `first`."""
    width, height = size
    box = (x - width / 2, y - height, x + width / 2, y)
    return Track(number, label, box, certainty, at(first), at(first), certainty)


def rule(keys: Mapping[str, object], zone: tzinfo = UTC) -> TrackRule:
    """The rule that the registry's keys describe; those that are None are left out."""
    body = {"id": "r"} | {key: value for key, value in keys.items() if value is not None}
    return build_track_rule(TypeAdapter(AnyRuleParams).validate_python(body), zone)


def film(*parts: tuple[float, float, list[Track]], fps: float = 5) -> Scenes:
    """Frames from the first second up to, not at, the second one, all with the same tracks."""
    frames: Scenes = []
    for begin, end, tracks in parts:
        frames += [(begin + n / fps, tracks) for n in range(round((end - begin) * fps))]
    return frames


def _step(made: TrackRule, state: RuleState, seconds: float, tracks: list[Track]) -> RuleState:
    seen = tuple(replace(each, at=at(seconds)) for each in tracks)
    after: RuleState = json.loads(json.dumps(made.observe(state, Scene("cam", at(seconds), seen))))
    return after


def level(made: TrackRule, scenes: Scenes, now: float) -> Level:
    """What holds `now` seconds after START, when these frames were seen."""
    state = made.start(START)
    for seconds, tracks in scenes:
        state = _step(made, state, seconds, tracks)
    return made.level(state, at(now))


def course(made: TrackRule, scenes: Scenes, until: float) -> list[tuple[float, str]]:
    """From when on which state held, looked at ten times a second."""
    state, found, coming = made.start(START), list[tuple[float, str]](), list(scenes)
    for tick in range(round(until * TICK) + 1):
        now = tick / TICK
        while coming and coming[0][0] <= now + 1e-6:
            state = _step(made, state, *coming.pop(0))
        said = made.level(state, at(now)).state
        if not found or found[-1][1] != said:
            found.append((now, said))
    return found
