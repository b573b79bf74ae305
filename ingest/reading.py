"""Reading: one value of one quantity at one device, with the time it was true and the time it arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

Quality = Literal["good", "retained", "backfilled", "uncertain"]
"""good: fresh; retained: the broker's kept copy; backfilled: older than the device's newest;
uncertain: the device's clock is off."""


class Reading(NamedTuple):
    """One value. A tuple: a message may bring twenty, and a frozen dataclass takes four times as long to make.

    Attributes:
        device: Registry id of the device.
        quantity: Word of `config/quantities.yaml`, such as `temperature`.
        value: In `unit`; booleans are 0.0 or 1.0.
        unit: The quantity's stored unit (`°C`, `%LEL`; empty for booleans).
        at: When it was true (UTC).
        received_at: When it arrived at the edge (UTC).
        quality: Only `good` readings may raise anything fresh.
        message_id: What makes the message unique beyond its time (packet or deduplication id), or empty.
    """

    device: str
    quantity: str
    value: float
    unit: str
    at: datetime
    received_at: datetime
    quality: Quality = "good"
    message_id: str = ""

    def as_history(self) -> Reading:
        """The same, `backfilled` where it would be fresh: it raises nothing."""
        return self._replace(quality="backfilled") if self.quality == "good" else self
