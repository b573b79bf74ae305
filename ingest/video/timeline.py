"""Timeline: a camera's time stamps made usable: they start at 0 and never go back.

Cameras send stamps that jump back after a loop or restart, stand still, are missing or leap hours ahead.
The timeline follows them while they move at the pace of the wall clock and falls back to the wall clock
where they do not.
"""

from __future__ import annotations

from datetime import datetime

LEAP = 3.0
"""Seconds that stamps may run away from the wall clock between two packets before they are not believed."""
REORDER = 2.0
"""Seconds that a picture may be shown after it is decoded (B-frames); more is not believed."""


class Timeline:
    """Places packets on one line of media time, in `time_base` units."""

    def __init__(self, time_base: float) -> None:
        self._time_base = time_base
        self._offset = 0
        self._raw: int | None = None
        self._dts = 0
        self._at: datetime | None = None
        self._stands = 0

    def place(self, pts: int | None, dts: int | None, at: datetime, stands: int = 0) -> tuple[int, int]:
        """(pts, dts) of the packet that arrived `at`: dts rises by at least 1, pts is never below dts.

        `stands`: how long the picture is shown, 0 where that is not known. FFmpeg gives the first picture of a stream
        without RTP-Info no stamp, and the next ones lie ready behind it: the wall clock would tell a step of nothing.
        """
        raw = dts if dts is not None else pts
        if self._at is None:
            placed = 0
        else:
            elapsed = max(0.0, (at - self._at).total_seconds())
            by_wall = self._dts + max(1, round(elapsed / self._time_base))
            if raw is None:
                placed = by_wall
            elif self._raw is None:
                placed = self._dts + self._stands if self._stands > 0 else by_wall
            else:
                placed = raw + self._offset
            ahead = (placed - self._dts) * self._time_base - elapsed
            if placed <= self._dts or abs(ahead) > LEAP:
                placed = by_wall
        if raw is not None:
            self._offset = placed - raw
        self._raw, self._dts, self._at, self._stands = raw, placed, at, stands
        reorder = pts - dts if pts is not None and dts is not None else 0
        if reorder < 0 or reorder * self._time_base > REORDER:
            reorder = 0
        return placed + reorder, placed
