"""Rule `count`: more, or fewer, things of some classes in a zone than may be there: a crowd, a post with too few.

    {kind: count, classes: [person], above: 30, clear_below: 25, raise_after: 1m}     a crowd: from 31 on, over under 25
    {kind: count, classes: [person], below: 2, raise_after: 5m}                       too few: one or nobody

Above 30 raises, 30 itself does not. With `clear_below: 25` it is over below 25, between 25 and 30 nothing changes;
without it, it is over as soon as the limit is no longer passed. `below` and `clear_above` mirror that. What the model
can tell apart is what is counted: of a dense crowd it sees the front.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import limits, words
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Level, RuleState, Scene
from detectors.track_json import pack_track, unpack_tracks
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, surest, where
from ingest.text import Text

INPUT = "tracks"

MOST = 10_000
"""More things than any model tells apart in one picture."""


class Params(ZonedParams):
    """What the registry says.

    Attributes:
        above: Raised with more than this; or
        below: raised with fewer than this. Exactly one of the two.
        clear_below: Over with fewer than this; only with `above`, at most `above`.
        clear_above: Over with more than this; only with `below`, at least `below`.
    """

    kind: Literal["count"]
    above: int | None = Field(default=None, ge=0, le=MOST)
    below: int | None = Field(default=None, ge=1, le=MOST)
    clear_below: int | None = Field(default=None, ge=1, le=MOST)
    clear_above: int | None = Field(default=None, ge=1, le=MOST)

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits.check(self)
        return self

    @property
    def limit(self) -> int:
        """The limit that raises."""
        return cast("int", self.above if self.above is not None else self.below)

    @property
    def raised_by_things(self) -> bool:
        """With `below` that too few are there raises it."""
        return self.above is not None


class Rule:
    """How many things stand in one zone; the state: `hysteresis`, and `count` and `tracks` of the latest frame."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "count": 0, "tracks": []}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        before = cast("HysteresisState", state["hysteresis"])
        there = self.params.there(scene, self._clock)
        verdict = (
            limits.verdict(self.params, len(there)) if self.params.is_open(scene.at, self._clock) else False
        )
        after = self._hysteresis.observe(before, verdict, scene.at)
        if after is before:
            return state
        return {"hysteresis": after, "count": len(there), "tracks": [pack_track(each) for each in there]}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the count of the latest frame, `limit` the limit that raises."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        tracks = unpack_tracks(state["tracks"]) if phase.phase == "active" else ()
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None:
            what = self._said(cast("int", state["count"]), active=phase.phase == "active")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(cast("int", state["count"])),
            limit=float(self.params.limit),
            certainty=surest(tracks) if tracks else 1.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )

    def _said(self, count: int, *, active: bool) -> Text:
        name, place, limit = words.classes(self.params.classes), where(self.params), self.params.limit
        upper = self.params.above is not None
        side = Text("多于", "more than") if upper else Text("少于", "fewer than")
        seen = Text(f"{place.zh}内有 {count} 个{name.zh}", f"{count} × {name.en} in {place.en}")
        passed = limits.verdict(self.params, count) is True
        if passed and active:
            many = lasting(self.params.raise_after)
            return Text(f"{seen.zh}，{side.zh} {limit} 个{many.zh}", f"{seen.en}, {side.en} {limit}{many.en}")
        if active:
            return Text(
                f"{seen.zh}，曾{side.zh} {limit} 个",
                f"{seen.en}, was {side.en} {limit}",
            )
        if passed:
            return Text(
                f"{seen.zh}，{side.zh} {limit} 个，时间未到", f"{seen.en}, {side.en} {limit}, not for long"
            )
        return Text(f"{seen.zh}，未{side.zh} {limit} 个", f"{seen.en}, not {side.en} {limit}")
