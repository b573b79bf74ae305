"""Rule `held`: what has to last was ended too early, or was not done at all.

    {kind: held, quantity: power, above: 20, at_least: 30m, every: 1d}             an ultraviolet lamp
    {kind: held, quantity: temperature, above: 120, starts_above: 60, at_least: 15m}   a disinfection cabinet

A run begins when the value is in the band (with `starts_above`: over that) and ends when it has been out of it for
`gap`. A run that ended before the value had been in the band for `at_least` without a break raises; the next whole run
ends it. With `every` it also raises when no whole run was completed for so long.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
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


class Params(BandParams):
    """What the registry says.

    Attributes:
        at_least: How long the value must be in the band without a break.
        starts_above: The run begins over this value and ends under it; None: with the band itself.
        gap: Shorter breaks are none.
        every: A whole run is due this often; None: only runs that were begun are judged.
    """

    kind: Literal["held"]
    at_least: Duration
    starts_above: float | None = Field(default=None, allow_inf_nan=False)
    gap: Duration = timedelta(minutes=1)
    every: Duration | None = None

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        only_for(self, "at_least", "raise_after", "clear_after")
        if not self.at_least:
            raise ValueError("`at_least` must be longer than 0s")
        if self.every is not None and self.every < self.at_least:
            raise ValueError("`every` must be longer than `at_least`")
        if self.starts_above is not None and (self.above is None or self.starts_above > self.above):
            raise ValueError("`starts_above` goes with `above`, and is not over it")
        return self


class Rule:
    """Runs of one device.

    The state: `from` (switched on), `at`, `value`, `unit` of the latest reading; `run` (when the present run began),
    `whole` (that was seen: a run that had begun before the first reading is never called too short), `in` (in the band
    since, breaks under `gap` included), `left` (when the band was left), `stopped` (when the run was), `best` (most
    seconds in this run); `done` (latest whole run), `short` (when one ended too early, and nothing whole since), `last`
    (seconds of that run).
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet; `every` counts from here."""
        nothing = dict.fromkeys(("at", "value", "run", "in", "left", "stopped", "done", "short"))
        return {"from": pack(at), "unit": "", "best": 0.0, "last": 0.0, "whole": False, **nothing}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, self._when(state, "at")):
            return state
        now, at = dict(self._at(state, reading.at)), pack(reading.at)
        seen = self._when(state, "at")
        whole = seen is not None and reading.at - seen <= self.params.no_data_after
        inside = self.params.holds(reading.value)
        starts = self.params.starts_above
        running = inside if starts is None else reading.value > starts
        if (running or inside) and now["run"] is None:
            now |= {"run": at, "whole": whole}
        elif running or inside:
            now["stopped"] = None
        elif now["run"] is not None:
            now["stopped"] = now["stopped"] or at
        if inside:
            now |= {"in": now["in"] or at, "left": None}
        elif now["in"] is not None:
            now["left"] = now["left"] or at
        return {**now, "at": at, "value": reading.value, "unit": reading.unit}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """The latest value goes on holding until another one says otherwise."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how long the judged run lasted and `limit` how long it must, in seconds."""
        seen, at = self._when(state, "at"), self._at(state, now)
        phase, since, what = self._judged(at, seen, now)
        seconds = cast("float", at["best"] if at["run"] is not None else at["last"])
        return Level(
            state=phase,
            since=since,
            value=round(seconds, 3),
            limit=self.params.at_least.total_seconds(),
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, since, self._zone),
        )

    def _judged(
        self, at: RuleState, seen: datetime | None, now: datetime
    ) -> tuple[SignalState, datetime, Text]:
        done, short = self._when(at, "done"), self._when(at, "short")
        begun = cast("datetime", self._when(at, "from"))
        band, limit = self.params.band(cast("str", at["unit"])), words.length(self.params.at_least)
        if seen is None or now - seen > self.params.no_data_after:
            return "unknown", seen or begun, no_reading(self.params.quantity)
        if short is not None:
            lasted = words.lasted(timedelta(seconds=cast("float", at["last"])))
            what = Text(
                f"{band.zh}只保持了 {lasted.zh}，至少需要 {limit.zh}",
                f"{band.en} was held for {lasted.en} only, at least {limit.en} is needed",
            )
            return "active", short, what
        every = self.params.every
        if every is not None and now - (done or begun) >= every:
            often = words.length(every)
            what = Text(
                f"{often.zh}内没有一次“{band.zh}保持 {limit.zh}”",
                f"not once in {often.en} was {band.en} held for {limit.en}",
            )
            return "active", (done or begun) + every, what
        if done is None:
            nothing = Text(f"尚无完整的一次（{band.zh}）", f"no whole run yet ({band.en})")
            return "inactive", begun, nothing
        what = Text(f"{band.zh}已保持 {limit.zh}", f"{band.en} was held for {limit.en}")
        return "inactive", done, what

    def _at(self, state: RuleState, now: datetime) -> RuleState:
        """The state at `now`, if nothing more is reported until then."""
        seen = self._when(state, "at")
        if seen is None or state["run"] is None:
            return state
        if now - seen > self.params.no_data_after:  # how it went on is not known: it is not judged
            return {**state, "run": None, "in": None, "left": None, "stopped": None, "best": 0.0}
        after, gap = dict(state), self.params.gap
        inside, left, stopped = (self._when(state, name) for name in ("in", "left", "stopped"))
        if inside is not None:
            best = max(cast("float", state["best"]), ((left or now) - inside).total_seconds())
            after["best"] = best
            if best >= self.params.at_least.total_seconds():
                whole = inside + self.params.at_least
                after |= {
                    "done": pack(whole) if state["done"] is None else max(str(state["done"]), pack(whole))
                }
                after |= {"short": None, "last": best}
            if left is not None and now - left >= gap:
                after |= {"in": None, "left": None}
        if stopped is not None and now - stopped >= gap:
            best = cast("float", after["best"])
            if best < self.params.at_least.total_seconds() and after["whole"]:
                after |= {"short": after["short"] or pack(stopped), "last": best}
            after |= {"run": None, "in": None, "left": None, "stopped": None, "best": 0.0}
        return after

    @staticmethod
    def _when(state: RuleState, key: str) -> datetime | None:
        return unpack(cast("str | None", state[key]))
