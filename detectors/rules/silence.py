"""Rule `silence`: a device that should speak does not.

    {kind: silence, longer_than: 10m}                          no good reading of any quantity
    {kind: silence, quantity: temperature, longer_than: 10m}   none of this one

Counted by arrival: a kept or back-filled value is no sign of life. "No data" is a state of its own, never OK.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import pack, unpack
from detectors.rule import Duration, Level, RuleParams, RuleState
from detectors.signal import SignalState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


class Params(RuleParams):
    """What the registry says.

    Attributes:
        quantity: Only this one counts; without it, any good reading does.
        longer_than: Reaching it is enough; takes the place of `raise_after`.
    """

    kind: Literal["silence"]
    quantity: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,62}$")
    longer_than: Duration

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.raise_after:
            raise ValueError("`longer_than` says how long; leave out `raise_after`")
        if not self.longer_than:
            raise ValueError("`longer_than` must be longer than 0s")
        return self


class Rule:
    """Silence of one device.

    The state: `from` (listening since), `last` (latest good reading since then), `heard` (first one after the latest
    silence), `silent` (when that silence began, until it is over); instants or None.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet; silence counts from here."""
        return {"from": pack(at), "last": None, "heard": None, "silent": None}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        wanted = self.params.quantity
        if reading.quality != "good" or (wanted is not None and reading.quantity != wanted):
            return state
        at = reading.received_at
        last = self._at(state, "last")
        quiet_since = last or self._from(state)
        if last is not None and at <= last:
            return state
        heard, silent = self._at(state, "heard"), self._at(state, "silent")
        if at - quiet_since >= self.params.longer_than:
            heard, silent = at, silent or quiet_since
        elif silent is not None and heard is not None and at - heard >= self.params.clear_after:
            silent = None
        return {
            "from": state["from"],
            "last": pack(at),
            "heard": pack(heard or at),
            "silent": None if silent is None else pack(silent),
        }

    def resume(self, state: RuleState, at: datetime) -> RuleState:
        """Silence counts from `at`: that the hub did not listen says nothing about the device."""
        return {**state, "from": pack(at), "last": None}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the seconds since the latest good reading, `limit` those allowed."""
        last, heard, silent = self._at(state, "last"), self._at(state, "heard"), self._at(state, "silent")
        quiet_since = last or self._from(state)
        quiet = now - quiet_since
        phase: SignalState
        if quiet >= self.params.longer_than:
            phase, since = "active", silent or quiet_since
        elif last is None or heard is None:
            phase, since = "unknown", quiet_since
        elif silent is not None and now - heard < self.params.clear_after:
            phase, since = "active", silent
        else:
            phase, since = "inactive", heard
        return Level(
            state=phase,
            since=since,
            value=max(0.0, round(quiet.total_seconds(), 3)),
            limit=self.params.longer_than.total_seconds(),
            certainty=1.0,
            explanation=words.sentence(self.params.id, self._said(phase), since, self._zone),
        )

    def _said(self, phase: SignalState) -> Text:
        name = words.quantity(self.params.quantity) if self.params.quantity else Text("", "")
        limit = words.length(self.params.longer_than)
        of = f" of {name.en}" if name.en else ""
        if phase == "active":
            return Text(f"没有{name.zh}读数已达到 {limit.zh}", f"no reading{of} for at least {limit.en}")
        if phase == "unknown":
            return Text(f"尚未收到{name.zh}读数（限 {limit.zh}）", f"no reading{of} yet (limit {limit.en})")
        return Text(f"有{name.zh}读数（限 {limit.zh}）", f"there are readings{of} (limit {limit.en})")

    @staticmethod
    def _at(state: RuleState, key: str) -> datetime | None:
        return unpack(cast("str | None", state[key]))

    def _from(self, state: RuleState) -> datetime:
        return cast("datetime", self._at(state, "from"))
