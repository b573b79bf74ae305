"""Rule `calibration-due`: a probe is to be calibrated soon, or should have been.

    {kind: calibration-due, areas: [county], before: 14d, severity: info}

The day is the sensor's own `calibration_due`; a sensor without one is not judged.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, Self

from pydantic import model_validator

from detectors import words
from detectors.measured import only_for
from detectors.rule import Duration, Level, RuleParams, RuleState
from ingest.reading import Reading
from ingest.text import Text

INPUT = "readings"

DAY = timedelta(days=1)


class Params(RuleParams):
    """What the registry says.

    Attributes:
        before: It is told so long before the day.
        due: The day, for sensors that name none.
    """

    kind: Literal["calibration-due"]
    before: Duration = timedelta(days=14)
    due: date | None = None

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        only_for(self, "before", "raise_after", "clear_after")
        return self

    def of_device(self, *, calibration_due: date | None) -> Self:
        """With the sensor's own day."""
        return self if calibration_due is None else self.model_copy(update={"due": calibration_due})


class Rule:
    """The day on which one sensor is due; it remembers nothing."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._zone = zone

    def start(self, at: datetime) -> RuleState:
        """When it was switched on."""
        return {"from": at.isoformat()}

    def observe(self, state: RuleState, reading: Reading) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """No reading changes it."""
        return state

    def resume(self, state: RuleState, at: datetime) -> RuleState:  # noqa: ARG002 - the protocol's signature
        """Nor does a stop of the hub."""
        return state

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the days left (negative: overdue), `limit` those from which it is told."""
        due = self.params.due
        began = datetime.fromisoformat(str(state["from"]))
        if due is None:
            nothing = Text("没有校准日期", "no date of calibration")
            said = words.sentence(self.params.id, nothing, began, self._zone)
            return Level("unknown", began, None, None, 1.0, said)
        day = datetime.combine(due, time(), tzinfo=self._zone)
        told = (day - self.params.before).astimezone(UTC)
        left = (due - now.astimezone(self._zone).date()).days
        overdue = Text(f"校准已过期（应于 {due}）", f"calibration is overdue (it was due on {due})")
        coming = Text(f"校准应于 {due} 完成", f"calibration is due on {due}")
        since = told if now >= told else began
        return Level(
            state="active" if now >= told else "inactive",
            since=since,
            value=float(left),
            limit=self.params.before / DAY,
            certainty=1.0,
            explanation=words.sentence(self.params.id, overdue if left < 0 else coming, since, self._zone),
        )
