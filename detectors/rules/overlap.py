"""Rule `overlap`: a thing of one class is at a thing of another: a telephone in somebody's hands.

    {kind: overlap, classes: [cell phone], others: [person], share: 0.5, raise_after: 3s, gap: 3s}

At least `share` of the thing's box must lie within the other's. The other must stand in the zone; small things are
often lost by a model, hence `gap`: out of sight for less than this does not start `raise_after` anew.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, cast

from pydantic import Field

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Duration, Level, RuleState, Scene
from detectors.track import Track
from detectors.track_json import pack_track, unpack_tracks
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, surest, where
from detectors.zones import contains
from ingest.text import Text

INPUT = "tracks"


class Params(ZonedParams):
    """What the registry says.

    Attributes:
        others: Labels of the things at which it must be; any of them counts.
        share: Of the thing's box within the other's, 0..1; reaching it is enough.
        gap: Seeing no such pair for less than this does not start `raise_after` anew.
    """

    kind: Literal["overlap"]
    others: tuple[str, ...] = Field(min_length=1)
    share: float = Field(default=0.5, gt=0, le=1)
    gap: Duration = GAP

    @property
    def labels(self) -> frozenset[str]:
        """Everything the model must know for this rule."""
        return frozenset((*self.classes, *self.others))


def share_within(thing: Track, other: Track) -> float:
    """Which share of a thing's box lies within another's, 0..1; 0 for a box without area."""
    width = min(thing.box[2], other.box[2]) - max(thing.box[0], other.box[0])
    height = min(thing.box[3], other.box[3]) - max(thing.box[1], other.box[1])
    area = (thing.box[2] - thing.box[0]) * (thing.box[3] - thing.box[1])
    return max(width, 0.0) * max(height, 0.0) / area if area > 0 else 0.0


class Rule:
    """Pairs of things on one camera; the state: `hysteresis`, and `tracks` and `pairs` of the latest frame with one."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(
            params.raise_after, params.clear_after, gap=params.gap, hold=GAP, lost=LOST
        )

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "tracks": [], "pairs": 0}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        before = cast("HysteresisState", state["hysteresis"])
        pairs = self._pairs(scene)
        after = self._hysteresis.observe(before, bool(pairs), scene.at)
        if after is before:
            return state
        if not pairs:  # the latest pairs stay: they are what an active level was decided by
            return {**state, "hysteresis": after}
        both = {each.id: each for pair in pairs for each in pair}
        return {
            "hysteresis": after,
            "tracks": [pack_track(each) for each in both.values()],
            "pairs": len(pairs),
        }

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the count of things that are at another, `limit` is how many may be: 0."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        active = phase.phase == "active"
        tracks = unpack_tracks(state["tracks"]) if active else ()
        many = cast("int", state["pairs"]) if active else 0
        name, place = words.classes(self.params.classes), where(self.params)
        other = words.classes(self.params.others)
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None and active:
            long = lasting(self.params.raise_after)
            what = Text(
                f"{place.zh}内{other.zh}与{name.zh}重叠（{many} 处）{long.zh}",
                f"{many} × {name.en} at a {other.en} in {place.en}{long.en}",
            )
        what = what or Text(
            f"{place.zh}内没有{other.zh}与{name.zh}重叠", f"no {name.en} at a {other.en} in {place.en}"
        )
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(many),
            limit=0.0,
            certainty=surest([each for each in tracks if each.label in self.params.classes]),
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )

    def _pairs(self, scene: Scene) -> list[tuple[Track, Track]]:
        """Each thing with the first of the others that it is at."""
        if not self.params.is_open(scene.at, self._clock):
            return []
        others = [
            each
            for each in scene.tracks
            if self.params.sees(each, self.params.others)
            and contains(self.params.zone, self.params.place_of(each))
        ]
        found: list[tuple[Track, Track]] = []
        for thing in scene.tracks:
            if not self.params.sees(thing):
                continue
            at = next((each for each in others if share_within(thing, each) >= self.params.share), None)
            if at is not None and at.id != thing.id:
                found.append((thing, at))
        return found
