"""Arrival: when a packet came, also where its reader slept and found several waiting, and how late it was taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

MOST = 1.0
"""Seconds between two packets; stamps that leap further tell nothing."""

CREEP = 0.0005
"""Seconds a second by which a camera's clock may be slower than ours."""


class Arrival:
    """One session's. A packet that lay ready after a nap came after the one before it, by what their stamps say.

    Attributes:
        napped: The reader slept since it last had to wait for a packet.
    """

    def __init__(self, time_base: float, clock: Callable[[], datetime]) -> None:
        self._time_base = time_base
        self._clock = clock
        self._stamp: int | None = None
        self._at: datetime | None = None
        self.napped = False

    def of(self, stamp: int | None, *, waited: bool) -> datetime:
        """The packet's time (UTC), never in the future; `stamp` as sent, in units of the time base.

        `waited`: the reader had to wait for it, so that it came just now.
        """
        before, self._stamp = self._stamp, stamp
        now = self._clock()
        if waited:
            self.napped = False
        if self.napped and self._at is not None and before is not None and stamp is not None:
            step = (stamp - before) * self._time_base
            now = min(now, self._at + timedelta(seconds=min(max(step, 0.0), MOST)))
        self._at = now
        return now


class Lateness:
    """How much later than the quickest a packet was taken: what a reader that falls behind must see. No clock."""

    def __init__(self) -> None:
        self._quickest: float | None = None
        self._heard = 0.0

    def of(self, heard: float, media: float) -> float:
        """Seconds; `heard` when it was taken, `media` its media time, both in seconds."""
        apart = heard - media
        if self._quickest is None:
            self._quickest, self._heard = apart, heard
        self._quickest = min(apart, self._quickest + CREEP * (heard - self._heard))
        self._heard = heard
        return apart - self._quickest
