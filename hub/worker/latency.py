"""Latency: how long it took from a frame's arrival until what it means was said, over the last minute."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)
MOST = 8192
"""Samples kept; at 100 looks a second the last 80 s."""


class Latency:
    """Durations with the moment they ended. Thread-safe."""

    def __init__(self) -> None:
        self._samples: deque[tuple[datetime, float]] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def add(self, since: datetime, now: datetime) -> None:
        """It took from `since` until `now`."""
        with self._lock:
            self._samples.append((now, max(0.0, (now - since).total_seconds())))

    def figures(self, now: datetime) -> dict[str, float]:
        """`{n, p50_ms, p95_ms, p99_ms, worst_ms}` of the last minute; only `n` when there is nothing."""
        with self._lock:
            taken = sorted(seconds for at, seconds in self._samples if now - at <= WINDOW)
        if not taken:
            return {"n": 0}
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "worst_ms": 1.0}
        return {"n": len(taken)} | {
            name: round(taken[min(len(taken) - 1, int(share * len(taken)))] * 1000, 1)
            for name, share in shares.items()
        }
