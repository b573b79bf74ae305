"""Signal: the level of one rule at one place and device; what goes from a detector to the alert router."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ingest.text import Text

SignalState = Literal["active", "inactive", "unknown"]
Severity = Literal["life", "critical", "major", "minor", "info"]


SEVERITIES: tuple[Severity, ...] = ("life", "critical", "major", "minor", "info")
"""Highest first; `life` (gas, fire, flood) is never delayed by load or grouping."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A level, not an edge: sent on change and every 10 s while active.

    Attributes:
        id: ULID of this message.
        rule: Registry id of the rule.
        kind: Kind of the rule (file on the shelf).
        condition: Catalogue word, default the rule's id.
        place: Site id, `site/zone_name`, or the device id for device health.
        device: Registry id of the device.
        state: active, inactive or unknown (no data, device away).
        since: When the state began to be true (UTC).
        at: When it was evaluated (UTC).
        severity: Of the rule.
        value: The value that decided, in the quantity's unit, or a count; None where there is none.
        limit: The limit it passed.
        certainty: 0..1; 1.0 for sensors.
        evidence_ref: Name of the evidence on the worker, or None.
        epoch: Of the assignment that produced it; an older epoch is refused.
        n: Rises by one per signal of (rule, place, device) within the epoch.
        explanation: Which rule, which limit, since when; in both languages.
    """

    id: str
    rule: str
    kind: str
    condition: str
    place: str
    device: str
    state: SignalState
    since: datetime
    at: datetime
    severity: Severity
    value: float | None
    limit: float | None
    certainty: float
    epoch: int
    n: int
    evidence_ref: str | None = None
    explanation: Text = field(default_factory=lambda: Text("", ""))
