"""Rule `absence`: nobody is where somebody has to be (unattended).

    {kind: absence, classes: [person], zone: [[0.1,0.2],[0.6,0.2],[0.6,0.9]], zone_name: stove, raise_after: 5m}

Seeing somebody for less than a second, as a model does by mistake, does not start `raise_after` anew. Alone it says
that the place is empty and no more: with a hot stove it is an unattended flame (`together`).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Level, RuleState, Scene
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, where
from ingest.text import Text

INPUT = "tracks"


class Params(ZonedParams):
    """What the registry says; `raise_after` is how long nobody may be missing."""

    kind: Literal["absence"]

    @model_validator(mode="after")
    def _a_length(self) -> Self:
        if not self.raise_after:
            raise ValueError("nobody says for how long it may be empty; give `raise_after`, such as 5m")
        return self

    @property
    def raised_by_things(self) -> bool:
        """That nobody is there raises it."""
        return False


class Rule:
    """Absence from one zone of one camera; the state: `hysteresis`, and `count` of the latest frame."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "count": 0}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        before = cast("HysteresisState", state["hysteresis"])
        there = self.params.there(scene, self._clock)
        empty = not there and self.params.is_open(scene.at, self._clock)
        after = self._hysteresis.observe(before, empty, scene.at)
        return state if after is before else {"hysteresis": after, "count": len(there)}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the count of things in the zone, `limit` how many must be there: 1."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        name, place, count = (
            words.classes(self.params.classes),
            where(self.params),
            cast("int", state["count"]),
        )
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None and phase.phase == "active" and not count:
            many = lasting(self.params.raise_after)
            what = Text(f"{place.zh}内没有{name.zh}{many.zh}", f"no {name.en} in {place.en}{many.en}")
        if what is None and count:
            what = Text(f"{place.zh}内有{name.zh}（{count} 个）", f"{count} × {name.en} in {place.en}")
        limit = words.length(self.params.raise_after)
        what = what or Text(
            f"{place.zh}内没有{name.zh}，未到 {limit.zh}",
            f"no {name.en} in {place.en}, for less than {limit.en}",
        )
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(count),
            limit=1.0,
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
        )
