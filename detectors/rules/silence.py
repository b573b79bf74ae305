"""Rule `silence`: a device that should speak does not.

    {kind: silence, longer_than: 10m}                          no good reading of any quantity
    {kind: silence, quantity: temperature, longer_than: 10m}   none of this one
    {kind: silence}                                            the device's own rhythm says how long is too long

Without `longer_than` the pauses of each device are learned (detectors/rhythm.py): too long is `factor` times its
longest usual pause, never under `shortest`, never over `longest`, which also holds until pauses of `learn_for` are
known.

Counted by arrival: a kept or back-filled value is no sign of life. "No data" is a state of its own, never OK.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import rhythm, words
from detectors.hysteresis import pack, unpack
from detectors.measured import SLEEP
from detectors.rule import Duration, Level, RuleParams, RuleState
from detectors.signal import SignalState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


class Params(RuleParams):
    """What the registry says.

    Attributes:
        quantity: Only this one counts; without it, any good reading does.
        longer_than: Reaching it is enough; takes the place of `raise_after`. None: learned.
        factor, shortest, longest, learn_for: How it is learned.
    """

    kind: Literal["silence"]
    quantity: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,62}$")
    longer_than: Duration | None = None
    factor: float = Field(default=3.0, ge=1.2, le=100)
    shortest: Duration = timedelta(minutes=5)
    longest: Duration = SLEEP
    learn_for: Duration = timedelta(days=7)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.raise_after:
            raise ValueError("`longer_than` says how long; leave out `raise_after`")
        if self.longer_than is not None and not self.longer_than:
            raise ValueError("`longer_than` must be longer than 0s")
        if not timedelta(0) < self.shortest <= self.longest:
            raise ValueError("`shortest` must be longer than 0s, and at most `longest`")
        if self.learn_for >= timedelta(days=rhythm.MEMORY):
            raise ValueError(f"pauses are remembered for {rhythm.MEMORY}d; `learn_for` must be shorter")
        return self


class Rule:
    """Silence of one device.

    The state: `from` (listening since), `last` (latest good reading since then), `heard` (first one after the latest
    silence), `silent` (when that silence began, until it is over); instants or None; `rhythm`: what was learned.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet; silence counts from here."""
        state: RuleState = {"from": pack(at), "last": None, "heard": None, "silent": None}
        return state if self.params.longer_than else {**state, "rhythm": rhythm.start()}

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
        too_long = at - quiet_since >= self.limit(state)
        if too_long:
            heard, silent = at, silent or quiet_since
        elif silent is not None and heard is not None and at - heard >= self.params.clear_after:
            silent = None
        learned = {}
        if self.params.longer_than is None:
            before = cast("rhythm.RhythmState", state["rhythm"])
            known = (
                last is not None or too_long
            )  # after a start nobody knows how long it had been quiet before
            pause = at - quiet_since
            learned = {"rhythm": rhythm.learn(before, pause, at, silence=too_long) if known else before}
        return {
            "from": state["from"],
            "last": pack(at),
            "heard": pack(heard or at),
            "silent": None if silent is None else pack(silent),
            **learned,
        }

    def limit(self, state: RuleState) -> timedelta:
        """How long this device may be quiet."""
        params = self.params
        if params.longer_than is not None:
            return params.longer_than
        usual = rhythm.usual(cast("rhythm.RhythmState", state["rhythm"]), learn_for=params.learn_for)
        return (
            params.longest
            if usual is None
            else min(max(usual * params.factor, params.shortest), params.longest)
        )

    def resume(self, state: RuleState, at: datetime) -> RuleState:
        """Silence counts from `at`: that the hub did not listen says nothing about the device."""
        return {**state, "from": pack(at), "last": None}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the seconds since the latest good reading, `limit` those allowed."""
        last, heard, silent = self._at(state, "last"), self._at(state, "heard"), self._at(state, "silent")
        quiet_since = last or self._from(state)
        quiet = now - quiet_since
        limit = self.limit(state)
        phase: SignalState
        if quiet >= limit:
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
            limit=round(limit.total_seconds(), 3),
            certainty=1.0,
            explanation=words.sentence(self.params.id, self._said(phase, limit), since, self._zone),
        )

    def _said(self, phase: SignalState, span: timedelta) -> Text:
        name = words.quantity(self.params.quantity) if self.params.quantity else Text("", "")
        limit = words.length(span) if self.params.longer_than else words.lasted(span)
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
