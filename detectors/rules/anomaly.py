"""Rule `anomaly`: a value is not as it usually is at this hour of the day, at this device.

    {kind: anomaly, quantity: temperature, deviations: 5}
    {kind: anomaly, quantity: power, over: 1h, raise_after: 30m, severity: info}

The mean of `over` is held against the means of the same hour on the days before, and of the hour before it: how many
standard deviations it is away from the nearer (a z-score). docs/benchmarks.md compares it with a small network of the
device's own past. It speaks only once `FEWEST` days are known; an hour that was an anomaly teaches nothing, unless it
comes for the third day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import fmean, median, stdev
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.measured import MeasuredParams, counts, no_reading
from detectors.rule import Duration, Level, RuleState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"

DAYS = 14
"""Days that are remembered of each hour."""
FEWEST = 5
"""Days, before anything is unusual."""
CALM = 0.6
"""Share of `deviations` under which it is over."""

Past = dict[str, list[float]]


class Params(MeasuredParams):
    """What the registry says.

    Attributes:
        over: The mean of so long is judged.
        deviations: Further away than this is unusual.
        grain: The least standard deviation that is believed, in the quantity's stored unit.
    """

    kind: Literal["anomaly"]
    over: Duration = timedelta(minutes=30)
    deviations: float = Field(default=5.0, ge=2, le=100)
    grain: float = Field(default=0.3, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if not timedelta(minutes=1) <= self.over <= timedelta(hours=6):
            raise ValueError("`over` is between 1m and 6h")
        return self


class Rule:
    """The usual of one device, hour by hour.

    The state: `at`, `value`, `unit` of the latest reading; `mean` (sliding, over `over`), `hour`, `sum`, `count` of the
    present hour, `odd` (it was unusual), `past` (hour of the day to the means of the latest days), `put` (the same of
    hours that were unusual), `z`, `hysteresis`.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, lost=params.no_data_after)

    def start(self, at: datetime) -> RuleState:
        """Nothing is known."""
        nothing = dict.fromkeys(("at", "value", "mean", "hour"))
        more: dict[str, object] = {
            "unit": "",
            "sum": 0.0,
            "count": 0,
            "odd": False,
            "z": 0.0,
            "past": {},
            "put": {},
        }
        return {"hysteresis": self._hysteresis.start(at), **nothing, **more}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading; not good, another quantity, older: the same state comes back."""
        seen = unpack(cast("str | None", state["at"]))
        if not counts(reading, self.params.quantity, seen):
            return state
        local = reading.at.astimezone(self._zone)
        now = dict(state)
        if local.strftime("%Y-%m-%dT%H") != state["hour"]:
            now |= _closed(state) | {
                "hour": local.strftime("%Y-%m-%dT%H"),
                "sum": 0.0,
                "count": 0,
                "odd": False,
            }
        mean = cast("float | None", state["mean"])
        if mean is None or seen is None:
            mean = reading.value
        else:  # a sliding mean that weighs each reading by the time it stood for
            share = min(1.0, (reading.at - seen) / self.params.over)
            mean += share * (reading.value - mean)
        past = cast("Past", now["past"])
        # The sliding mean reaches back: at the beginning of an hour it is that of the one before.
        z, verdict = min(
            (self._judge(mean, past.get(str(hour % 24), [])) for hour in (local.hour, local.hour - 1)),
            key=lambda found: found[0],
        )
        before = cast("HysteresisState", state["hysteresis"])
        after = self._hysteresis.observe(before, verdict, reading.at)
        odd = bool(now["odd"]) or verdict is True
        kept = {
            "sum": cast("float", now["sum"]) + reading.value,
            "count": cast("int", now["count"]) + 1,
            "odd": odd,
        }
        at = {"at": reading.at.isoformat(), "value": reading.value, "unit": reading.unit}
        return {**now, **kept, **at, "mean": round(mean, 6), "z": round(z, 3), "hysteresis": after}

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """What was learned stays."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the mean, `limit` how many deviations are allowed."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        mean, unit = cast("float | None", state["mean"]), cast("str", state["unit"])
        if mean is None:
            what = no_reading(self.params.quantity)
        else:
            name, seen, z = (
                words.quantity(self.params.quantity),
                words.number(round(mean, 2), unit),
                state["z"],
            )
            days = cast("Past", state["past"]).get(str(state["hour"])[-2:].lstrip("0") or "0", [])
            if len(days) < FEWEST:
                what = Text(f"{name.zh}平均 {seen}，尚在学习", f"mean {name.en} {seen}, still learning")
            else:
                usual = words.number(round(fmean(days), 2), unit)
                what = Text(
                    f"{name.zh}平均 {seen}，此时段通常为 {usual}，偏离 {z} 倍标准差（限 {self.params.deviations:g}）",
                    f"mean {name.en} {seen}, usually {usual} at this hour, {z} standard deviations away "
                    f"(limit {self.params.deviations:g})",
                )
        return Level(
            state=phase.phase,
            since=phase.since,
            value=None if mean is None else round(mean, 3),
            limit=self.params.deviations,
            certainty=1.0,
            explanation=words.sentence(self.params.id, what, phase.since, self._zone),
        )

    def _judge(self, mean: float, days: Sequence[float]) -> tuple[float, bool | None]:
        if len(days) < FEWEST:
            return 0.0, False
        z = abs(mean - fmean(days)) / max(stdev(days), self.params.grain)
        if z > self.params.deviations:
            return z, True
        return z, None if z > CALM * self.params.deviations else False


def _closed(state: RuleState) -> dict[str, object]:
    """What is remembered once an hour is over."""
    count = cast("int", state["count"])
    if not count:
        return {}
    hour, mean = str(int(str(state["hour"])[-2:])), round(cast("float", state["sum"]) / count, 3)
    past, put = dict(cast("Past", state["past"])), dict(cast("Past", state["put"]))
    if state["odd"]:
        aside = [*put.get(hour, []), mean]
        if len(aside) < 3:
            return {"put": {**put, hour: aside}}
        mean = median(aside)  # the third day: this is how it is now
    put.pop(hour, None)
    return {"past": {**past, hour: [*past.get(hour, []), mean][-DAYS:]}, "put": put}
