"""Slots: where frames of all cameras wait to be looked at: a Schedule behind a lock.

Any thread puts, any analysis thread takes. What waits, what is replaced and who is next: see Schedule.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from hub.worker.schedule import Priority, Schedule, Shortage
from ingest.frame import Frame


class Slots:
    """The waiting frames of one worker."""

    def __init__(self, clock: Callable[[], datetime], threads: int = 1) -> None:
        self._schedule = Schedule(threads)
        self._clock = clock
        self._changed = threading.Condition()

    def declare(self, device: str, priority: Priority, fps: float) -> None:
        """A camera, how important it is and how often it wants to be looked at."""
        with self._changed:
            self._schedule.declare(device, priority, fps)

    def put(self, frame: Frame) -> bool:
        """Place the newest frame; false when it pushed out one that was never looked at.

        A frame that catches up pushes nothing out; false then means that it was not taken.
        """
        with self._changed:
            fresh = self._schedule.offer(frame, self._clock())
            self._changed.notify()
            return fresh

    def take(self, timeout: float) -> Frame | None:
        """The frame whose turn it is, or None after `timeout` seconds; done() must follow."""
        with self._changed:
            frame = self._schedule.take(self._clock())
            if frame is None:
                self._changed.wait(timeout)
                frame = self._schedule.take(self._clock())
            return frame

    def done(self, device: str) -> None:
        """The frame that was taken was looked at: the camera's next one may be."""
        with self._changed:
            self._schedule.done(device)
            self._changed.notify()

    def regulate(self) -> dict[str, float]:
        """Once a second: how many frames per second each camera should make now."""
        with self._changed:
            return self._schedule.regulate()

    def dropped(self, device: str) -> int:
        """How many frames of this camera nobody looked at."""
        with self._changed:
            return self._schedule.dropped(device)

    def shortage(self, device: str) -> Shortage | None:
        """Why this camera is looked at less often than it asks, None when it is not."""
        with self._changed:
            return self._schedule.shortage(device, self._clock())

    def forget(self, device: str) -> None:
        """The camera is gone."""
        with self._changed:
            self._schedule.forget(device)
