"""Rule `repeated`: something happens too often.

    {kind: repeated, quantity: mains, equals: false, times: 3, within: 1h}     the third power cut within an hour
    {kind: repeated, quantity: gas, above: 5, times: 3, within: 10m}
    {kind: repeated, quantity: button, equals: true, each: true, times: 2, within: 10s}

Counted are the moments in which the value enters the band; with `each`, every reading in it, for devices that never
say that it is over. It is over when fewer than `times` lie within the span.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import pack, unpack
from detectors.measured import BandParams, counts, no_reading, only_for
from detectors.rule import Duration, Level, RuleState
from detectors.signal import SignalState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"

MOST = 200
"""More are not remembered, and cannot be asked for."""


class Params(BandParams):
    """What the registry says.

    Attributes:
        times: Reaching it is enough.
        within: The span in which they must lie.
        each: Every reading in the band counts, not only the first of a row.
    """

    kind: Literal["repeated"]
    times: int = Field(ge=2, le=MOST)
    within: Duration
    each: bool = False

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        only_for(self, "within", "raise_after", "clear_after")
        if not self.within:
            raise ValueError("`within` must be longer than 0s")
        return self


class Rule:
    """How often the value of one device entered a band.

    The state: `from`, `at`, `value`, `unit` of the latest reading; `hits`: the latest moments of entering, in order.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        return {"from": pack(at), "at": None, "value": None, "unit": "", "hits": []}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, unpack(cast("str | None", state["at"]))):
            return state
        before = cast("float | None", state["value"])
        was_out = before is not None and not self.params.holds(before)  # unknown: nobody saw it enter
        hits = self._recent(state, reading.at)
        if self.params.holds(reading.value) and (self.params.each or was_out):
            hits = [*hits, reading.at][-self.params.times :]
        at = {"at": pack(reading.at), "value": reading.value, "unit": reading.unit}
        return {**state, **at, "hits": [pack(each) for each in hits]}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """What was counted goes on counting."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how often it happened within the span (at most `times`), `limit` is `times`."""
        seen, kept = unpack(cast("str | None", state["at"])), self._hits(state)
        recent = self._recent(state, now)
        phase: SignalState = "active" if len(recent) >= self.params.times else "inactive"
        since = unpack(cast("str", state["from"]))
        if phase == "active":
            since = recent[-1]
        elif len(kept) >= self.params.times:
            since = kept[-self.params.times] + self.params.within
        band, span = self.params.band(cast("str", state["unit"])), words.length(self.params.within)
        what = Text(
            f"{span.zh}内“{band.zh}”{len(recent)} 次（限 {self.params.times} 次）",
            f"{band.en}: {len(recent)} times within {span.en} (limit {self.params.times})",
        )
        if seen is None or now - seen > self.params.no_data_after:
            phase, since, what = "unknown", seen or since, no_reading(self.params.quantity)
        since = cast("datetime", since)
        return Level(
            state=phase,
            since=since,
            value=float(len(recent)),
            limit=float(self.params.times),
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )

    @staticmethod
    def _hits(state: RuleState) -> list[datetime]:
        return [datetime.fromisoformat(each) for each in cast("Sequence[str]", state["hits"])]

    def _recent(self, state: RuleState, now: datetime) -> list[datetime]:
        return [each for each in self._hits(state) if now - each < self.params.within]
