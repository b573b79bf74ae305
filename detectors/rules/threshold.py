"""Rule `threshold`: a quantity passes a limit for some time.

    {kind: threshold, quantity: temperature, above: 8, clear_below: 7, raise_after: 60s}

Above 8 raises, 8 itself does not. With `clear_below: 7` it is over below 7, between 7 and 8 nothing changes;
without it, it is over as soon as the limit is no longer passed. `below` and `clear_above` mirror that.

    {kind: threshold, quantity: temperature, above: -12, raise_after: 10m, spare_cycles: 45m}

With `spare_cycles` what passes the limit in a rhythm, such as a freezer's defrosting, is learned and raises nothing as
long as it is like the earlier ones (detectors/cycles.py).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import cycles, limits, words
from detectors.hysteresis import Hysteresis, HysteresisState, Phase
from detectors.rule import Duration, Level, RuleParams, RuleState
from ingest.errors import MalformedPayload
from ingest.reading import Reading
from ingest.text import Later, Text

INPUT = "readings"


class Params(RuleParams):
    """What the registry says.

    Attributes:
        quantity: Word of the quantities' table.
        above: Raised above this, in the quantity's stored unit; or
        below: raised below this. Exactly one of the two.
        clear_below: Over below this; only with `above`, at most `above`.
        clear_above: Over above this; only with `below`, at least `below`.
        no_data_after: Without a usable reading for this long nothing is known. Battery devices may be silent
            for 25 h, hence the default; a `silence` rule says earlier that a device is gone.
        spare_cycles: Passings of up to this length that come in a rhythm are learned; None: none is.
    """

    kind: Literal["threshold"]
    quantity: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    above: float | None = Field(default=None, allow_inf_nan=False)
    below: float | None = Field(default=None, allow_inf_nan=False)
    clear_below: float | None = Field(default=None, allow_inf_nan=False)
    clear_above: float | None = Field(default=None, allow_inf_nan=False)
    no_data_after: Duration = timedelta(hours=26)
    spare_cycles: Duration | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits.check(self)
        return self

    @property
    def limit(self) -> float:
        """The limit that raises."""
        return cast("float", self.above if self.above is not None else self.below)


class Rule:
    """A limit with hysteresis over the readings of one device."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, lost=params.no_data_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        state: RuleState = {"hysteresis": self._hysteresis.start(at), "value": None, "unit": ""}
        return state if self.params.spare_cycles is None else {**state, "cycles": cycles.start()}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if reading.quality != "good" or reading.quantity != self.params.quantity:
            return state
        if not math.isfinite(reading.value):
            raise MalformedPayload(
                f"{reading.quantity} is {reading.value}",
                reason="absurd-value",
                where=reading.device,
                mend="send a finite number",
            )
        before = cast("HysteresisState", state["hysteresis"])
        after = self._hysteresis.observe(before, limits.verdict(self.params, reading.value), reading.at)
        if after is before:
            return state
        return {
            "hysteresis": after,
            "value": reading.value,
            "unit": reading.unit,
            **self._learned(state, reading),
        }

    def _learned(self, state: RuleState, reading: Reading) -> RuleState:
        longest = self.params.spare_cycles
        if longest is None:
            return {}
        beyond = reading.value - self.params.limit
        beyond = beyond if self.params.above is not None else -beyond
        before = cast("cycles.CyclesState", state["cycles"])
        return {"cycles": cycles.learn(before, beyond, reading.at, longest=longest)}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """The latest value goes on holding until another one says otherwise."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now, with the latest value."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        value, unit = cast("float | None", state["value"]), cast("str", state["unit"])
        if phase.phase == "active" and value is not None and (usual := self._spared(state, now)):
            return self._usual(phase.since, value, unit, usual)
        return Level(
            state=phase.phase,
            since=phase.since,
            value=value,
            limit=self.params.limit,
            certainty=1.0,
            explanation=Later(partial(self._explained, phase, value, unit)),
        )

    def _explained(self, phase: Phase, value: float | None, unit: str) -> Text:
        if value is None or (phase.phase == "unknown" and phase.true_since is None):
            what = self._nothing_known()
        else:
            what = self._said(value, unit, active=phase.phase == "active")
        since = phase.true_since if phase.phase == "unknown" and phase.true_since else phase.since
        return words.sentence(self.params.id, what, since, self._zone)

    def _spared(self, state: RuleState, now: datetime) -> cycles.Usual | None:
        if self.params.spare_cycles is None:
            return None
        return cycles.spared(cast("cycles.CyclesState", state["cycles"]), now)

    def _usual(self, since: datetime, value: float, unit: str, usual: cycles.Usual) -> Level:
        """Beyond the limit, as so often before."""
        name, seen = words.quantity(self.params.quantity), words.number(value, unit)
        every, longest = words.lasted(usual.every), words.lasted(usual.longest)
        what = Text(
            f"{name.zh} {seen}，属已学习的周期（约每 {every.zh} 一次，不超过 {longest.zh}）",
            f"{name.en} {seen}, in its learned cycle (about every {every.en}, for at most {longest.en})",
        )
        said = words.sentence(self.params.id, what, since, self._zone)
        return Level("inactive", since, value, self.params.limit, 1.0, said)

    def _nothing_known(self) -> Text:
        name = words.quantity(self.params.quantity)
        return Text(f"没有可用的{name.zh}读数", f"no usable reading of {name.en}")

    def _said(self, value: float, unit: str, *, active: bool) -> Text:
        name, seen = words.quantity(self.params.quantity), words.number(value, unit)
        limit = words.number(self.params.limit, unit)
        upper = self.params.above is not None
        side = Text("高于上限", "above the limit of") if upper else Text("低于下限", "below the limit of")
        if limits.verdict(self.params, value) is True:
            return Text(f"{name.zh} {seen}，{side.zh} {limit}", f"{name.en} {seen}, {side.en} {limit}")
        if active:  # an incident keeps the last sentence: it is to be true when it is over, too
            return Text(
                f"{name.zh} {seen}，曾{side.zh} {limit}",
                f"{name.en} {seen}, was {side.en} {limit}",
            )
        return Text(f"{name.zh} {seen}，未{side.zh} {limit}", f"{name.en} {seen}, not {side.en} {limit}")
