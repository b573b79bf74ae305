"""Rule `queue`: too many things stand or creep in a zone: cars before a light, people before a counter.

    {kind: queue, classes: [car, bus, truck], zone: […], zone_name: north-approach, above: 8, clear_below: 6,
     raise_after: 1m, clear_after: 1m}

In the queue is what moves by no more than `slower_than` of its own size in a second (width across, height down), over
the last 3 s; what was seen for less than a second is not counted yet. Above 8 raises, 8 itself does not; with
`clear_below: 6` it is over below 6. Choose `raise_after` longer than a red light, if that is no queue to tell of.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.motion import follow, unpack_moving
from detectors.rule import Level, RuleState, Scene
from detectors.track_json import pack_track, unpack_tracks
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, surest, where
from ingest.text import Text

INPUT = "tracks"


class Params(ZonedParams):
    """What the registry says.

    Attributes:
        above: Raised with more than this in the queue.
        clear_below: Over with fewer than this; at most `above`; None: as soon as the limit is no longer passed.
        slower_than: In sizes of its box per second: what is faster does not queue.
    """

    kind: Literal["queue"]
    above: int = Field(ge=1, le=1000)
    clear_below: int | None = Field(default=None, ge=1, le=1000)
    slower_than: float = Field(default=0.2, gt=0, le=10)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.clear_below is not None and self.clear_below > self.above:
            raise ValueError(f"`clear_below` {self.clear_below} is over `above` {self.above}")
        return self

    def verdict(self, count: int) -> bool | None:
        """True: the limit is passed; False: it is over; None: in between."""
        if count > self.above:
            return True
        return None if self.clear_below is not None and count >= self.clear_below else False


class Rule:
    """The queue in one zone of one camera.

    The state: `at` of the latest frame, `moving` (everything in the zone), `hysteresis`; `tracks`: those in the queue.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"at": None, "moving": [], "hysteresis": self._hysteresis.start(at), "tracks": []}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        seen_at = unpack(cast("str | None", state["at"]))
        if seen_at is not None and scene.at < seen_at:
            return state
        there = self.params.there(scene, self._clock)
        moving = follow(unpack_moving(state["moving"]), there, scene.at, self.params.point)
        waiting = [
            each.track
            for each in moving[: len(there)]
            if (speed := each.speed) is not None and speed <= self.params.slower_than
        ]
        before = cast("HysteresisState", state["hysteresis"])
        verdict = self.params.verdict(len(waiting)) if self.params.is_open(scene.at, self._clock) else False
        return {
            "at": scene.at.isoformat(),
            "moving": [each.as_state() for each in moving],
            "hysteresis": self._hysteresis.observe(before, verdict, scene.at),
            "tracks": [pack_track(each) for each in waiting],
        }

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how many wait, `limit` is `above`."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        waiting = unpack_tracks(state["tracks"])
        tracks = waiting if phase.phase == "active" else ()
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None:
            what = self._said(len(waiting), active=phase.phase == "active")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(len(waiting)),
            limit=float(self.params.above),
            certainty=surest(tracks),
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )

    def _said(self, many: int, *, active: bool) -> Text:
        name, place, limit = words.classes(self.params.classes), where(self.params), self.params.above
        seen = Text(f"{place.zh}内排队{name.zh} {many} 个", f"{many} × {name.en} queue in {place.en}")
        passed = self.params.verdict(many) is True
        if passed and active:
            long = lasting(self.params.raise_after)
            return Text(f"{seen.zh}，多于 {limit} 个{long.zh}", f"{seen.en}, more than {limit}{long.en}")
        if active:
            return Text(
                f"{seen.zh}，曾多于 {limit} 个",
                f"{seen.en}, was more than {limit}",
            )
        if passed:
            return Text(
                f"{seen.zh}，多于 {limit} 个，时间未到", f"{seen.en}, more than {limit}, not for long"
            )
        return Text(f"{seen.zh}，未多于 {limit} 个", f"{seen.en}, not more than {limit}")
