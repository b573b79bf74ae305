"""Rate: how often something happened per second, over the last whole seconds."""

from __future__ import annotations

from collections import deque
from datetime import datetime


class Rate:
    """Counts by second; keeps `seconds` of them."""

    def __init__(self, seconds: int = 10) -> None:
        self._seconds = seconds
        self._buckets: deque[tuple[int, int]] = deque(maxlen=seconds + 2)
        self._first: float | None = None

    def add(self, at: datetime, n: int = 1) -> None:
        """`n` more at `at`; calls come in order of time, one thread at a time."""
        second = int(at.timestamp())
        if self._first is None:
            self._first = at.timestamp()
        if self._buckets and self._buckets[-1][0] == second:
            self._buckets[-1] = (second, self._buckets[-1][1] + n)
        else:
            self._buckets.append((second, n))

    def per_second(self, now: datetime) -> float:
        """Mean over the last whole seconds (fewer just after the start, at least one)."""
        if self._first is None:
            return 0.0
        end = int(now.timestamp())
        start = max(end - self._seconds, int(self._first))
        total = 0
        for second, count in tuple(self._buckets):
            if start <= second < end:
                total += count
        return round(total / max(1, end - start), 2)
