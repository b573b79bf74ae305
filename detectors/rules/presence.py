"""Rule `presence`: things of some classes stand in a zone for some time.

    {kind: presence, classes: [person], zone: [[0,0],[1,0],[1,1],[0,1]], zone_name: store, raise_after: 2s}
    {kind: presence, classes: [person], schedule: [{hours: "21:00-05:00"}], raise_after: 10s}     after hours

A thing stands where its foot point is (bottom centre of its box, unless `point` says otherwise). Gaps under a second,
where the model lost sight of it, do not start `raise_after` anew. Without pictures for 10 s nothing is known.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, cast

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Level, RuleState, Scene
from detectors.track_json import pack_track, unpack_tracks
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, surest, where
from ingest.text import Text

INPUT = "tracks"


class Params(ZonedParams):
    """What the registry says."""

    kind: Literal["presence"]


class Rule:
    """Presence in one zone of one camera."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "tracks": []}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        before = cast("HysteresisState", state["hysteresis"])
        there = self.params.there(scene, self._clock)
        after = self._hysteresis.observe(before, bool(there), scene.at)
        if after is before:
            return state
        # While nobody is seen the latest tracks stay: they are what an active level was decided by.
        return {"hysteresis": after, "tracks": [pack_track(each) for each in there] or state["tracks"]}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the count of things in the zone, `limit` is how many may be there: 0."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        tracks = unpack_tracks(state["tracks"]) if phase.phase == "active" else ()
        name, place = words.classes(self.params.classes), where(self.params)
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None and phase.phase == "active":
            many = lasting(self.params.raise_after)
            what = Text(
                f"{place.zh}内出现{name.zh}（{len(tracks)} 个）{many.zh}",
                f"{len(tracks)} × {name.en} in {place.en}{many.en}",
            )
        what = what or Text(f"{place.zh}内没有{name.zh}", f"no {name.en} in {place.en}")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(len(tracks)),
            limit=0.0,
            certainty=surest(tracks),
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )
