"""Rule `range`: a value leaves its range, which depends on the hour.

    {kind: range, quantity: temperature, low: 0, high: 8, raise_after: 5m}
    {kind: range, quantity: temperature, high: 30, schedule: [{days: mon-fri, hours: "10:00-13:00", low: 0, high: 25}]}

The first line of the schedule that is open holds; outside of all of them the rule's own `low` and `high`. Without any
limit nothing is wrong at that hour. Hours are those of the county's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hours import Hours, changes
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.measured import MeasuredParams, counts, no_reading
from detectors.rule import Level, RuleState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


def _in_order(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low >= high:
        raise ValueError(f"`low` {low:g} is not under `high` {high:g}")


class Window(Hours):
    """One line of a schedule; without `low` and `high` nothing is wrong in it."""

    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _in_order(self.low, self.high)
        return self


class Params(MeasuredParams):
    """What the registry says.

    Attributes:
        low: Under this is wrong, in the quantity's stored unit; the limit itself is right.
        high: Over this is wrong.
        schedule: Other limits at some hours.
        margin: It is over once the value is back in its range by so much.
    """

    kind: Literal["range"]
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    schedule: tuple[Window, ...] = Field(default=(), max_length=50)
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _a_limit(self) -> Self:
        _in_order(self.low, self.high)
        limits = [(self.low, self.high), *((each.low, each.high) for each in self.schedule)]
        if all(low is None and high is None for low, high in limits):
            raise ValueError("give `low`, `high` or both, of the rule or of a line of its `schedule`")
        for low, high in limits:
            if low is not None and high is not None and 2 * self.margin >= high - low:
                raise ValueError(f"`margin` {self.margin:g} leaves nothing between {low:g} and {high:g}")
        return self


class Rule:
    """A range with hysteresis over the readings of one device, judged anew when the hour changes it."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        return {"hysteresis": self._hysteresis.start(at), "at": None, "value": None, "unit": ""}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, unpack(cast("str | None", state["at"]))):
            return state
        if self._is_lost(
            state, reading.at
        ):  # nobody looked: what was counting did not last, as far as is known
            state = {**state, "hysteresis": self._hysteresis.start(reading.at)}
        before = self._until(state, reading.at)
        after = self._hysteresis.observe(before, self._verdict(reading.value, reading.at), reading.at)
        return {
            "hysteresis": after,
            "at": reading.at.isoformat(),
            "value": reading.value,
            "unit": reading.unit,
        }

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """The latest value goes on holding until another one says otherwise."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now, with the latest value and the limit that it passed."""
        phase = self._hysteresis.phase(self._until(state, now), now)
        value, unit = cast("float | None", state["value"]), cast("str", state["unit"])
        seen = unpack(cast("str | None", state["at"]))
        lost = value is None or seen is None or self._is_lost(state, now)
        held, since = phase.phase, phase.since
        if lost:
            held, since = "unknown", seen or phase.since
        limit = None if value is None else self._limit(value, now)
        what = self._said(value, unit, now, active=held == "active")
        return Level(
            state=held,
            since=since,
            value=value,
            limit=limit,
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )

    def _is_lost(self, state: RuleState, now: datetime) -> bool:
        seen = unpack(cast("str | None", state["at"]))
        return seen is not None and now - seen > self.params.no_data_after

    def _until(self, state: RuleState, now: datetime) -> HysteresisState:
        """The hysteresis at `now`: the latest value, held against the limits of each hour since then."""
        kept = cast("HysteresisState", state["hysteresis"])
        seen, value = unpack(cast("str | None", state["at"])), cast("float | None", state["value"])
        if seen is None or value is None:
            return kept
        end = min(now, seen + self.params.no_data_after)
        for each in changes(self.params.schedule, seen, end, self._zone):
            kept = self._hysteresis.observe(kept, self._verdict(value, each), each)
        return kept

    def _limits(self, now: datetime) -> tuple[float | None, float | None]:
        for line in self.params.schedule:
            if line.open_at(now, self._zone):
                return line.low, line.high
        return self.params.low, self.params.high

    def _limit(self, value: float, now: datetime) -> float | None:
        """The limit that a value has passed, or else the nearer one."""
        low, high = self._limits(now)
        if low is None or high is None:
            return high if low is None else low
        return low if value - low < high - value else high

    def _verdict(self, value: float, now: datetime) -> bool | None:
        low, high = self._limits(now)
        if (low is not None and value < low) or (high is not None and value > high):
            return True
        margin = self.params.margin
        near = (low is not None and value < low + margin) or (high is not None and value > high - margin)
        return None if near else False

    def _said(self, value: float | None, unit: str, now: datetime, *, active: bool) -> Text:
        if value is None:
            return no_reading(self.params.quantity)
        name, seen = words.quantity(self.params.quantity), words.number(value, unit)
        low, high = self._limits(now)
        if low is None and high is None:
            return Text(f"{name.zh} {seen}，此时段不设限", f"{name.en} {seen}, no limits at this hour")
        shown = [words.number(each, unit) for each in (low, high) if each is not None]
        if len(shown) == 2:
            span = Text(f"{shown[0]} 至 {shown[1]}", f"{shown[0]} to {shown[1]}")
        elif low is None:
            span = Text(f"不高于 {shown[0]}", f"at most {shown[0]}")
        else:
            span = Text(f"不低于 {shown[0]}", f"at least {shown[0]}")
        out = self._verdict(value, now) is True
        if not out and active:
            return Text(
                f"{name.zh} {seen}，曾超出此时段范围（{span.zh}）",
                f"{name.en} {seen}, was out of the range of this hour ({span.en})",
            )
        side = Text("超出", "out of") if out else Text("在", "within")
        tail = "" if out else "内"
        return Text(
            f"{name.zh} {seen}，{side.zh}此时段范围（{span.zh}）{tail}",
            f"{name.en} {seen}, {side.en} the range of this hour ({span.en})",
        )
