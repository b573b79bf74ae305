"""Rule `forecast`: a value is about to pass a limit, while there is still time.

    {kind: forecast, quantity: temperature, above: 8, ahead: 20m, spare_cycles: 45m}
    {kind: forecast, quantity: water_level, above: 3.2, ahead: 1h, look_back: 1h, severity: life}

A line through the values of `look_back` (detectors/trend.py) says where the value will be `ahead` from now, and how
surely. It raises when that is beyond the limit with `min_certainty`, and is over when it is not even as likely as not.

A fridge that is cooled in turns warms a little twenty times a day. So only what goes beyond the usual is looked at: of
the highest values of each of the last 24 hours the upper quartile, and as much again as lies between the quartiles;
before six hours are known nothing is forecast. With
`spare_cycles` what goes beyond it in a rhythm (defrosting) is learned and spared, as by `threshold`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import quantiles
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import cycles, trend, words
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.measured import MeasuredParams, counts, no_reading
from detectors.rule import Duration, Level, RuleState
from detectors.trend import Trend
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"

PARTS = 30
"""Of the time looked back at; each counts by its latest value."""
HOURS = 24
"""Hours whose highest values say what is usual."""
FEWEST_HOURS = 6
"""Before so many are known, nothing is."""
EVEN = 0.5
"""Less likely than this, it is over."""
SURE = 1.28
"""Standard deviations: four of five lie within."""


class Params(MeasuredParams):
    """What the registry says.

    Attributes:
        above: The limit, in the quantity's stored unit, that is not to be passed upwards; or
        below: downwards. Exactly one of the two.
        ahead: How far it looks ahead.
        look_back: How far back the line reaches.
        min_certainty: How sure it must be.
        grain: The least that the sensor can tell apart.
        spare_cycles: What goes beyond the usual for up to so long, in a rhythm, is learned; None: nothing is.
    """

    kind: Literal["forecast"]
    above: float | None = Field(default=None, allow_inf_nan=False)
    below: float | None = Field(default=None, allow_inf_nan=False)
    ahead: Duration = timedelta(minutes=20)
    look_back: Duration = timedelta(minutes=15)
    min_certainty: float = Field(default=0.9, gt=0.5, lt=1)
    grain: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    no_data_after: Duration = timedelta(hours=1)
    spare_cycles: Duration | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of `above` and `below`")
        if not self.ahead or self.look_back < timedelta(minutes=1):
            raise ValueError("`ahead` must be longer than 0s, and `look_back` at least 1m")
        return self

    @property
    def limit(self) -> float:
        """The limit that is not to be passed."""
        return cast("float", self.above if self.above is not None else self.below)


class Rule:
    """A forecast for one device; inside, values are how far they are beyond the limit, so that up is always wrong.

    The state: `at`, `value`, `unit` of the latest reading; `points` ([seconds, beyond] of each part), `hours` ([hour,
    highest]), `line` (the trend as of the latest reading, or None), `chance` (as of then), `hysteresis`, `cycles`.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, lost=params.no_data_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing was reported yet."""
        nothing = dict.fromkeys(("at", "value", "line"))
        start = self._hysteresis.start(at)
        lists: dict[str, object] = {"points": [], "hours": [], "cycles": cycles.start()}
        return {"hysteresis": start, "unit": "", "chance": 0.0, **nothing, **lists}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        if not counts(reading, self.params.quantity, unpack(cast("str | None", state["at"]))):
            return state
        at, beyond = reading.at.timestamp(), self._beyond(reading.value)
        top = self._top(state, at)
        points, hours = self._points(state, at, beyond), _highest(state, at, beyond)
        past = cast("cycles.CyclesState", state["cycles"])
        if top is not None and self.params.spare_cycles is not None:
            past = cycles.learn(past, beyond - top, reading.at, longest=self.params.spare_cycles)
        line = trend.fit(points, grain=self.params.grain)
        chance = 0.0 if line is None else line.chance_over(0.0, at, self.params.ahead.total_seconds())
        spared = cycles.spared(past, reading.at) is not None
        verdict: bool | None = False
        if beyond > 0:
            verdict = True
        elif line is not None and line.slope > 0 and top is not None and beyond > top and not spared:
            verdict = True if chance >= self.params.min_certainty else None if chance >= EVEN else False
        before = cast("HysteresisState", state["hysteresis"])
        return {
            "hysteresis": self._hysteresis.observe(before, verdict, reading.at),
            "at": reading.at.isoformat(),
            "value": reading.value,
            "unit": reading.unit,
            "points": [list(each) for each in points],
            "hours": [list(each) for each in hours],
            "cycles": past,
            "line": None if line is None else [line.at, line.value, line.slope, line.spread, line.error],
            "chance": 1.0 if beyond > 0 else chance,
        }

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """What was measured before still was."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the latest value, `certainty` how surely it passes the limit in time."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        value = cast("float | None", state["value"])
        what = no_reading(self.params.quantity) if value is None else self._said(state, value, phase.phase)
        return Level(
            state=phase.phase,
            since=phase.since,
            value=value,
            limit=self.params.limit,
            certainty=round(cast("float", state["chance"]), 3) if phase.phase == "active" else 1.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._zone),
        )

    def line_of(self, state: RuleState) -> Trend | None:
        """The line as of the latest reading, in the quantity's unit; for charts."""
        line = _line(state)
        if line is None:
            return None
        sign = 1.0 if self.params.above is not None else -1.0
        return replace(line, value=self.params.limit + sign * line.value, slope=sign * line.slope)

    def _beyond(self, value: float) -> float:
        over = value - self.params.limit
        return over if self.params.above is not None else -over

    def _points(self, state: RuleState, at: float, beyond: float) -> list[tuple[float, float]]:
        span = self.params.look_back.total_seconds()
        kept = [(t, v) for t, v in cast("Sequence[Sequence[float]]", state["points"]) if t > at - span]
        width = span / PARTS
        if kept and kept[-1][0] // width == at // width:
            kept.pop()
        return [*kept, (round(at, 3), round(beyond, 6))]

    def _top(self, state: RuleState, at: float) -> float | None:
        """What is usual at most, from the highest values of the hours before this one; None while too few are known."""
        this = at // 3600
        before = [
            high
            for hour, high in cast("Sequence[Sequence[float]]", state["hours"])
            if this - HOURS <= hour < this
        ]
        if len(before) < FEWEST_HOURS:
            return None
        lower, _, upper = quantiles(before, n=4)
        return upper + (upper - lower) + self.params.grain

    def _said(self, state: RuleState, value: float, phase: str) -> Text:
        params, unit, line = self.params, cast("str", state["unit"]), _line(state)
        name, seen, limit = (
            words.quantity(params.quantity),
            words.number(value, unit),
            words.number(params.limit, unit),
        )
        side = Text("高于", "above") if params.above is not None else Text("低于", "below")
        ahead = words.length(params.ahead)
        beyond = self._beyond(value)
        if beyond > 0:
            return Text(
                f"{name.zh} {seen}，已{side.zh} {limit}", f"{name.en} {seen}, {side.en} {limit} already"
            )
        if phase != "active" or line is None or line.slope <= 0:
            return Text(
                f"{name.zh} {seen}，预计 {ahead.zh}内不会{side.zh} {limit}",
                f"{name.en} {seen}, not expected {side.en} {limit} within {ahead.en}",
            )
        eta = -beyond / line.slope
        rate = (trend.TURNS**2 + (line.error / line.slope) ** 2) ** 0.5
        early = words.lasted(timedelta(seconds=_minutes(eta / (1 + SURE * rate))))
        late = words.lasted(timedelta(seconds=_minutes(eta / max(1 - SURE * rate, 0.25))))
        about, sure = (
            words.lasted(timedelta(seconds=_minutes(eta))),
            round(100 * cast("float", state["chance"])),
        )
        return Text(
            f"{name.zh} {seen}，预计约 {about.zh}后（{early.zh}至{late.zh}）{side.zh} {limit}，"
            f"{ahead.zh}内的把握为 {sure}%",
            f"{name.en} {seen}, expected {side.en} {limit} in about {about.en} ({early.en} to {late.en}), "
            f"within {ahead.en} with {sure} % certainty",
        )


def _highest(state: RuleState, at: float, beyond: float) -> list[tuple[float, float]]:
    hour = at // 3600
    kept = [
        (each, high)
        for each, high in cast("Sequence[Sequence[float]]", state["hours"])
        if each >= hour - HOURS
    ]
    if kept and kept[-1][0] == hour:
        _, high = kept.pop()
        beyond = max(high, beyond)
    return [*kept, (hour, beyond)]


def _line(state: Mapping[str, object]) -> Trend | None:
    kept = cast("Sequence[float] | None", state["line"])
    return None if kept is None else Trend(*kept)


def _minutes(seconds: float) -> float:
    """To whole minutes: more would be no knowledge."""
    return max(1.0, round(seconds / 60)) * 60
