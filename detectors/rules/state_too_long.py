"""Rule `state-too-long`: a true/false quantity stays in one state for too long.

{kind: state-too-long, quantity: door, longer_than: 5m}            the door is open
{kind: state-too-long, quantity: mains, equals: false, longer_than: 30s}
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Duration, Level, RuleParams, RuleState
from ingest.errors import MalformedPayload
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


class Params(RuleParams):
    """What the registry says.

    Attributes:
        quantity: Word of the quantities' table; its readings are 0 or 1.
        equals: The state that may not last.
        longer_than: Reaching it is enough; takes the place of `raise_after`.
        no_data_after: Without a usable reading for this long nothing is known.
    """

    kind: Literal["state-too-long"]
    quantity: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    equals: bool = True
    longer_than: Duration
    no_data_after: Duration = timedelta(hours=26)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.raise_after:
            raise ValueError("`longer_than` says how long; leave out `raise_after`")
        return self


class Rule:
    """A state that lasts too long at one device."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.longer_than, params.clear_after, lost=params.no_data_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        return {"hysteresis": self._hysteresis.start(at), "value": None}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if reading.quality != "good" or reading.quantity != self.params.quantity:
            return state
        if not math.isfinite(reading.value):
            raise MalformedPayload(
                f"{reading.quantity} is {reading.value}",
                reason="absurd-value",
                where=reading.device,
                mend="send true or false",
            )
        before = cast("HysteresisState", state["hysteresis"])
        held = bool(reading.value) == self.params.equals
        after = self._hysteresis.observe(before, held, reading.at)
        return state if after is before else {"hysteresis": after, "value": bool(reading.value)}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """The latest value goes on holding until another one says otherwise."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how long it has lasted and `limit` how long it may, both in seconds."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        value = cast("bool | None", state["value"])
        name = words.quantity(self.params.quantity)
        limit = words.length(self.params.longer_than)
        since, lasted = phase.true_since or phase.since, 0.0
        if value is None or (phase.phase == "unknown" and phase.true_since is None):
            what = Text(f"没有可用的“{name.zh}”读数", f"no usable reading of {name.en}")
        elif phase.phase == "active" or phase.true_since:
            lasted = (now - since).total_seconds()
            said = words.state(self.params.quantity, self.params.equals)
            many = (
                Text("已达到", "for at least") if phase.phase == "active" else Text("未到", "for less than")
            )
            what = Text(f"{said.zh}，{many.zh} {limit.zh}", f"{said.en}, {many.en} {limit.en}")
        else:
            said = words.state(self.params.quantity, not self.params.equals)
            what = Text(f"{said.zh}（限 {limit.zh}）", f"{said.en} (limit {limit.en})")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=round(lasted, 3),
            limit=self.params.longer_than.total_seconds(),
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )
