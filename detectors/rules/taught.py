"""Rule `taught`: a condition that was taught on site with examples (docs/models.md) holds in its region.

    {kind: taught, condition: bin-uncovered, devices: [school-1-cam], taught: bins, raise_after: 10m, clear_after: 1m}

It looks once a second while the camera is analysed; while the camera is quiet, what was so is so still. Without a look
for 10 s, or without a model that can be used, nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Literal, cast

from pydantic import Field

from detectors import words
from detectors.hours import Hours
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Level, RuleParams, RuleState, Scene
from detectors.tracked import LOST, lasting, where
from ingest.text import Text

INPUT = "tracks"

MARGIN = 0.1
"""By so much the probability must be below the threshold until the condition counts as gone."""


class Params(RuleParams):
    """What the registry says.

    Attributes:
        taught: A lesson, or a folder in `taught` below the models' folder, as `hub teach train --out` made it.
        above: From which probability on it holds; None: the version's own threshold.
        schedule: Hours of the county's clock in which the rule judges; without any: always.
        preset: Of a movable camera: the region is that of this preset; None: of the camera's home preset.
    """

    kind: Literal["taught"]
    taught: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    above: float | None = Field(default=None, gt=0, lt=1)
    schedule: tuple[Hours, ...] = Field(default=(), max_length=50)
    preset: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")

    @property
    def labels(self) -> frozenset[str]:
        """What the camera's model must know for it: nothing by name."""
        return frozenset()


class Rule:
    """One taught condition on one camera; the state: `hysteresis`, and `p` and `limit` of the latest look."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "p": 0.0, "limit": self.params.above or 0.5}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; one in which it was not looked for changes nothing."""
        sight = next((each for each in scene.sights if each.taught == self.params.taught), None)
        if sight is None:
            return state
        limit = self.params.above or sight.limit
        verdict: bool | None = False
        if self._is_open(scene.at) and sight.p >= limit - MARGIN:
            verdict = True if sight.p >= limit else None
        before = cast("HysteresisState", state["hysteresis"])
        after = self._hysteresis.observe(before, verdict, scene.at)
        return state if after is before else {"hysteresis": after, "p": round(sight.p, 4), "limit": limit}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the latest probability, `limit` the threshold."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        p, limit = _number(state, "p"), _number(state, "limit")
        name = self.params.condition or self.params.id
        if phase.phase == "active":
            many = lasting(self.params.raise_after)
            what = Text(
                f"示教条件 {name} 成立（概率 {p:.0%}，阈值 {limit:.0%}）{many.zh}",
                f"what was taught as {name} holds (probability {p:.0%}, threshold {limit:.0%}){many.en}",
            )
        elif phase.phase == "unknown":
            place = where(self.params)
            what = Text(f"{place.zh}情况不明", f"nothing is known about {place.en}")
        elif not self._is_open(now):
            what = Text(
                f"示教条件 {name} 此时段不判断", f"what was taught as {name} is not judged at this hour"
            )
        else:
            what = Text(f"示教条件 {name} 不成立", f"what was taught as {name} does not hold")
        known = phase.phase != "unknown"
        return Level(
            state=phase.phase,
            since=phase.since,
            value=p if known else None,
            limit=limit,
            certainty=p if phase.phase == "active" else 0.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
        )

    def _is_open(self, at: datetime) -> bool:
        schedule = self.params.schedule
        return not schedule or any(each.open_at(at, self._clock) for each in schedule)


def _number(state: Mapping[str, object], key: str) -> float:
    return float(cast("float", state[key]))
