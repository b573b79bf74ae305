"""Rule `rate-of-change`: a value changes too much in a short time.

    {kind: rate-of-change, quantity: water_level, rises: 0.5, within: 30m}
    {kind: rate-of-change, quantity: temperature, falls: 10, within: 1h}

Compared is the latest value with the lowest (or highest) of the span before it, which is remembered in thirty parts:
the span is up to a thirtieth longer than asked. Two readings that are further apart than the span say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.measured import MeasuredParams, counts, no_reading
from detectors.rule import Duration, Level, RuleState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"

PARTS = 30
"""Of the span; each is remembered by its lowest and highest value."""

Part = tuple[float, float, float]
"""End of the part (seconds since 1970), its lowest and its highest value."""


class Params(MeasuredParams):
    """What the registry says.

    Attributes:
        rises: More than this up, in the quantity's stored unit; or
        falls: more than this down; or
        changes: more than this, whichever way. Exactly one of the three.
        within: The span.
    """

    kind: Literal["rate-of-change"]
    rises: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    falls: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    changes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    within: Duration

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(each is not None for each in (self.rises, self.falls, self.changes)) != 1:
            raise ValueError("give exactly one of `rises`, `falls` and `changes`")
        if self.within < timedelta(seconds=1):
            raise ValueError("`within` must be at least 1s")
        return self

    @property
    def limit(self) -> float:
        """How much is too much."""
        return self.rises or self.falls or self.changes or 0.0


class Rule:
    """How much the value of one device changed."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, lost=params.no_data_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        start = self._hysteresis.start(at)
        return {"hysteresis": start, "at": None, "value": None, "unit": "", "parts": []}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, unpack(cast("str | None", state["at"]))):
            return state
        parts = self._with(self._parts(state), reading)
        passed = self._change(parts, reading.value, reading.at)[0] > self.params.limit
        after = self._hysteresis.observe(self._until(state, reading.at), passed, reading.at)
        at = {"at": reading.at.isoformat(), "value": reading.value, "unit": reading.unit}
        return {"hysteresis": after, **at, "parts": [list(each) for each in parts]}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """What was measured before still was."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how much it changed within the span, `limit` how much it may."""
        phase = self._hysteresis.phase(self._until(state, now), now)
        value, unit = cast("float | None", state["value"]), cast("str", state["unit"])
        change = None
        if value is None:
            what = no_reading(self.params.quantity)
        else:
            change, rising = self._change(self._parts(state), value, now)
            what = self._said(change, value, unit, rising=rising)
        return Level(
            state=phase.phase,
            since=phase.since,
            value=None if change is None else round(change, 6),
            limit=self.params.limit,
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._zone),
        )

    @staticmethod
    def _parts(state: RuleState) -> list[Part]:
        return [(end, low, high) for end, low, high in cast("Sequence[Sequence[float]]", state["parts"])]

    def _with(self, parts: list[Part], reading: Reading) -> list[Part]:
        """The parts after one more reading; what the span has left behind is dropped."""
        at, span = reading.at.timestamp(), self.params.within.total_seconds()
        kept = [each for each in parts if each[0] >= at - span]
        width = span / PARTS
        if kept and kept[-1][0] // width == at // width:
            _, low, high = kept.pop()
            return [*kept, (at, min(low, reading.value), max(high, reading.value))]
        return [*kept, (at, reading.value, reading.value)]

    def _change(self, parts: list[Part], value: float, now: datetime) -> tuple[float, bool]:
        """How much the value has changed the way that counts, and whether upwards."""
        begin = now.timestamp() - self.params.within.total_seconds()
        within = [each for each in parts if each[0] >= begin]
        up = value - min((low for _, low, _ in within), default=value)
        down = max((high for _, _, high in within), default=value) - value
        if self.params.changes is not None:
            return (up, True) if up >= down else (down, False)
        return (up, True) if self.params.rises is not None else (down, False)

    def _until(self, state: RuleState, now: datetime) -> HysteresisState:
        """The hysteresis at `now`: after a whole span without a reading the change is over."""
        kept = cast("HysteresisState", state["hysteresis"])
        seen = unpack(cast("str | None", state["at"]))
        over = None if seen is None else seen + self.params.within
        return kept if over is None or now <= over else self._hysteresis.observe(kept, False, over)

    def _said(self, change: float, value: float, unit: str, *, rising: bool) -> Text:
        name, span = words.quantity(self.params.quantity), words.length(self.params.within)
        much, limit, seen = (words.number(each, unit) for each in (change, self.params.limit, value))
        way = Text("上升", "rose by") if rising else Text("下降", "fell by")
        side = Text("超过", "more than") if change > self.params.limit else Text("未超过", "not more than")
        return Text(
            f"{name.zh} {seen}，{span.zh}内{way.zh} {much}，{side.zh} {limit}",
            f"{name.en} {seen}, {way.en} {much} within {span.en}, {side.en} {limit}",
        )
