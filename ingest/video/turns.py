"""Turns: how many gates of one process may begin open at about the same time.

A gate that begins open costs a decoder and some looks for several seconds. Where all cameras begin at once (a worker
starts, a switch comes back), all of that at once is more than the machine has: packets are read too late, cameras
hang up, and begin again. So they take turns.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

LASTS = timedelta(seconds=6)
"""A beginning: until an empty scene is calm, and a little more."""


class Turns:
    """At most `most` beginnings in any LASTS; thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._given: deque[datetime] = deque()
        self._lock = threading.Lock()

    def take(self, now: datetime) -> bool:
        """Whether one more may begin now; if so, it counts."""
        with self._lock:
            while self._given and not timedelta(0) <= now - self._given[0] < LASTS:
                self._given.popleft()
            if len(self._given) >= self._most:
                return False
            self._given.append(now)
            return True
