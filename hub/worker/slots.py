"""Slots: the newest frame of each camera, waiting to be looked at; an older one that nobody took is dropped."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ingest.frame import Frame


class Slots:
    """One place per camera. Any thread puts, one takes; cameras come in turn, the longest waiting first."""

    def __init__(self) -> None:
        self._frames: OrderedDict[str, Frame] = OrderedDict()
        self._dropped: dict[str, int] = {}
        self._filled = threading.Condition()

    def put(self, frame: Frame) -> bool:
        """Place the newest frame; false when it pushed out one that was never looked at.

        A camera keeps its turn when its frame is renewed, so that a fast camera does not starve a slow one.
        """
        with self._filled:
            fresh = frame.device not in self._frames
            self._frames[frame.device] = frame
            if not fresh:
                self._dropped[frame.device] = self._dropped.get(frame.device, 0) + 1
            self._filled.notify()
            return fresh

    def take(self, timeout: float) -> Frame | None:
        """The frame that waits longest, or None after `timeout` seconds."""
        with self._filled:
            if not self._frames:
                self._filled.wait(timeout)
            return self._frames.popitem(last=False)[1] if self._frames else None

    def dropped(self, device: str) -> int:
        """How many frames of this camera nobody looked at."""
        with self._filled:
            return self._dropped.get(device, 0)

    def forget(self, device: str) -> None:
        """The camera is gone."""
        with self._filled:
            self._frames.pop(device, None)
            self._dropped.pop(device, None)
