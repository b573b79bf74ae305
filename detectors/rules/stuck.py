"""Rule `stuck`: readings go on arriving, and the value never moves: a frozen probe looks like a perfect fridge.

    {kind: stuck, quantity: temperature, longer_than: 6h}
    {kind: stuck, quantity: water_level, tolerance: 0.005, longer_than: 1d, at_least: 24}

A device that sends nothing is not stuck but silent.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import pack, unpack
from detectors.measured import MeasuredParams, counts, no_reading, only_for
from detectors.rule import Duration, Level, RuleState
from detectors.signal import SignalState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


class Params(MeasuredParams):
    """What the registry says.

    Attributes:
        longer_than: Readings of so long lie within `tolerance`; takes the place of `raise_after`.
        tolerance: Between the lowest and the highest of them, in the quantity's stored unit; 0: exactly the same.
        at_least: Of so many readings: two a day prove nothing.
    """

    kind: Literal["stuck"]
    longer_than: Duration
    tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    at_least: int = Field(default=10, ge=2, le=1_000_000)

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        only_for(self, "longer_than", "raise_after", "clear_after")
        if not self.longer_than:
            raise ValueError("`longer_than` must be longer than 0s")
        return self


class Rule:
    """A value of one device that does not move.

    The state: `from`, `at`, `value`, `unit` of the latest reading; `since` (of the first within the tolerance of all
    after it), `low`, `high`, `count` of those.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        nothing = dict.fromkeys(("at", "value", "since", "low", "high"))
        return {"from": pack(at), "unit": "", "count": 0, **nothing}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        seen = unpack(cast("str | None", state["at"]))
        if not counts(reading, self.params.quantity, seen):
            return state
        at = pack(reading.at)
        known = {"from": state["from"], "at": at, "value": reading.value, "unit": reading.unit}
        anew = {**known, "since": at, "low": reading.value, "high": reading.value, "count": 1}
        if seen is None or reading.at - seen > self.params.no_data_after:
            return anew
        low = min(cast("float", state["low"]), reading.value)
        high = max(cast("float", state["high"]), reading.value)
        if high - low > self.params.tolerance:
            return anew
        count = cast("int", state["count"]) + 1
        return {**known, "since": state["since"], "low": low, "high": high, "count": count}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """What the next reading says decides."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the value that does not move, `limit` the seconds it may not."""
        seen, since = unpack(cast("str | None", state["at"])), unpack(cast("str | None", state["since"]))
        value, unit = cast("float | None", state["value"]), cast("str", state["unit"])
        phase: SignalState
        if seen is None or since is None or value is None or now - seen > self.params.no_data_after:
            phase, since = "unknown", seen or cast("datetime", unpack(cast("str", state["from"])))
            what = no_reading(self.params.quantity)
        else:
            name, limit = words.quantity(self.params.quantity), words.length(self.params.longer_than)
            still, many = words.lasted(seen - since), cast("int", state["count"])
            stuck = seen - since >= self.params.longer_than and many >= self.params.at_least
            phase = "active" if stuck else "inactive"
            shown = words.number(value, unit)
            what = Text(
                f"{name.zh}停在 {shown}，{still.zh}内 {many} 次读数未变（限 {limit.zh}）",
                f"{name.en} stands at {shown}, unchanged in {many} readings of {still.en} (limit {limit.en})",
            )
        return Level(
            state=phase,
            since=since,
            value=value,
            limit=self.params.longer_than.total_seconds(),
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )
