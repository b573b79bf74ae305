"""Event: one committed change, numbered; the log and every push are made of these and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from alerts.sight import Visibility
from ingest.instant import format_instant

EventType = Literal[
    "incident.raised", "incident.updated", "incident.cleared", "case.opened", "case.changed",
    "device.changed", "broadcast.changed", "registry.changed",
]  # fmt: skip

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log.

    Attributes:
        seq: Rises by one per event, in the order of commits.
        type: `incident.raised`, …
        at: When it was written (UTC).
        data: The Incident, Case or Device as of that commit.
        noun: What it is about, for `Sight.sees()`; `registry.changed` carries the noun of the entry.
        visibility: Where it stands.
    """

    seq: int
    type: EventType
    at: datetime
    data: Mapping[str, object]
    noun: str
    visibility: Visibility

    def as_dict(self) -> dict[str, object]:
        """`{"seq", "type", "at", "data"}`, as it is sent."""
        return {"seq": self.seq, "type": self.type, "at": format_instant(self.at), "data": self.data}

    def line(self) -> str:
        """The one JSON text that websockets and webhooks send."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"))
