"""Slots: the newest frame of each camera, waiting to be looked at; an older one that nobody took is dropped.

Frames with which a camera catches up after its gate opened are the exception: they are why it opened, so they
wait in a short row, in order, and when the row is full the camera is told to offer the next one later.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from ingest.frame import Frame

ROW = 4
"""Frames of one camera that wait while it catches up: enough that the analysis never waits for the decoder."""


class Slots:
    """One place per camera. Any thread puts, one takes; cameras come in turn, the longest waiting first."""

    def __init__(self) -> None:
        self._frames: OrderedDict[str, deque[Frame]] = OrderedDict()
        self._dropped: dict[str, int] = {}
        self._filled = threading.Condition()

    def put(self, frame: Frame) -> bool:
        """Place the newest frame; false when it pushed out one that was never looked at.

        A camera keeps its turn when its frame is renewed, so that a fast camera does not starve a slow one.
        A frame that catches up pushes nothing out; false then means that it was not taken.
        """
        with self._filled:
            row = self._frames.setdefault(frame.device, deque())
            fresh = not row or row[-1].catch_up
            if frame.catch_up:
                if len(row) >= ROW:
                    return False
            elif not fresh:
                row.pop()
                self._dropped[frame.device] = self._dropped.get(frame.device, 0) + 1
            row.append(frame)
            self._filled.notify()
            return fresh or frame.catch_up

    def take(self, timeout: float) -> Frame | None:
        """The frame that waits longest, or None after `timeout` seconds."""
        with self._filled:
            if not self._frames:
                self._filled.wait(timeout)
            if not self._frames:
                return None
            device, row = self._frames.popitem(last=False)
            frame = row.popleft()
            if row:
                self._frames[device] = row  # at the end: the others have their turn first
            return frame

    def dropped(self, device: str) -> int:
        """How many frames of this camera nobody looked at."""
        with self._filled:
            return self._dropped.get(device, 0)

    def forget(self, device: str) -> None:
        """The camera is gone."""
        with self._filled:
            self._frames.pop(device, None)
            self._dropped.pop(device, None)
