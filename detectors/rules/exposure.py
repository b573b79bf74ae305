"""Rule `exposure`: a value is in a band for too long altogether.

    {kind: exposure, quantity: temperature, above: 8, below: 60, at_most: 2h}

The time in the band adds up, however often it is left, until the value has been outside for `reset_after`: food that
was cooled for a minute in between has not become fresh. Between two readings the earlier one holds, at most for
`no_data_after`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Self, cast

from pydantic import model_validator

from detectors import words
from detectors.hysteresis import pack, unpack
from detectors.measured import BandParams, counts, no_reading, only_for
from detectors.rule import Duration, Level, RuleState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"


class Params(BandParams):
    """What the registry says.

    Attributes:
        at_most: Reaching it is enough; takes the place of `raise_after`.
        reset_after: Outside of the band for this long, counting begins anew; takes the place of `clear_after`.
    """

    kind: Literal["exposure"]
    at_most: Duration
    reset_after: Duration = timedelta(hours=1)

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        only_for(self, "at_most", "raise_after")
        only_for(self, "reset_after", "clear_after")
        if not self.at_most:
            raise ValueError("`at_most` must be longer than 0s")
        return self


class Rule:
    """The time that the value of one device was in a band.

    The state: `from` (switched on), `at`, `value`, `unit` of the latest reading, `spent` (seconds in the band),
    `out` (outside since), `reached` (when it was too long).
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        return {
            "from": pack(at), "at": None, "value": None, "unit": "", "spent": 0.0, "out": None, "reached": None,
        }  # fmt: skip

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, unpack(cast("str | None", state["at"]))):
            return state
        now = dict(self._at(state, reading.at))
        outside = not self.params.holds(reading.value)
        now["out"] = (now["out"] or pack(reading.at)) if outside else None
        return {**now, "at": pack(reading.at), "value": reading.value, "unit": reading.unit}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """The latest value goes on holding until another one says otherwise."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the time in the band and `limit` how long it may be, both in seconds."""
        seen = unpack(cast("str | None", state["at"]))
        at = self._at(state, now)
        spent = timedelta(seconds=cast("float", at["spent"]))
        reached = unpack(cast("str | None", at["reached"]))
        since = reached or unpack(cast("str | None", at["out"])) or seen or unpack(cast("str", state["from"]))
        lost = seen is None or now - seen > self.params.no_data_after
        band, limit = self.params.band(cast("str", state["unit"])), words.length(self.params.at_most)
        total = words.lasted(spent)
        if seen is None:
            what = no_reading(self.params.quantity)
        elif reached:
            what = Text(
                f"{band.zh}累计 {total.zh}，最多允许 {limit.zh}",
                f"{band.en} for {total.en} altogether, at most {limit.en} allowed",
            )
        else:
            what = Text(
                f"{band.zh}累计 {total.zh}，未到 {limit.zh}",
                f"{band.en} for {total.en} altogether, less than {limit.en}",
            )
        since = cast("datetime", since)
        return Level(
            state="unknown" if lost else "active" if reached else "inactive",
            since=since,
            value=round(spent.total_seconds(), 3),
            limit=self.params.at_most.total_seconds(),
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )

    def _at(self, state: RuleState, now: datetime) -> RuleState:
        """The state at `now`, if nothing more is reported until then."""
        seen, value = unpack(cast("str | None", state["at"])), cast("float | None", state["value"])
        if seen is None or value is None:
            return state
        out = unpack(cast("str | None", state["out"]))
        if out is not None:
            over = now - out >= self.params.reset_after
            return {**state, "spent": 0.0, "reached": None} if over else state
        spent = cast("float", state["spent"])
        more = max(timedelta(0), min(now - seen, self.params.no_data_after)).total_seconds()
        limit = self.params.at_most.total_seconds()
        reached = state["reached"]
        if reached is None and spent + more >= limit:
            reached = pack(seen + timedelta(seconds=limit - spent))
        return {**state, "spent": spent + more, "reached": reached}
