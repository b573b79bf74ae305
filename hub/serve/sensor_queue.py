"""Sensor queue: messages that are understood and wait for the ledger's writer; life safety goes first.

Bounded: a network thread that brings more than there is room for waits a moment, which holds the broker back. What
then still does not fit is not taken: of QoS 1 the broker keeps it until the next connection, of QoS 0 it is lost, and
counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from hub.serve.understand import Understood
from ingest.mqtt.message import Ack, Message

MOST = 5_000
"""Messages of one sort that may wait: five times what a session has unacknowledged at most."""
PATIENCE = 1.0
"""Seconds that a network thread waits for room; less than the keep-alive of its connection."""


class Arrived(NamedTuple):
    """A message that is not committed yet.

    Attributes:
        message: As it came.
        said: What it says.
        ack: To be called when its effect is committed.
        life: It is of a device that a life-safety rule watches.
    """

    message: Message
    said: Understood
    ack: Ack
    life: bool = False


class SensorQueue:
    """What waits, in the order of its coming; for any thread."""

    def __init__(self, most: int = MOST, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._room = threading.Condition()
        self._life: deque[Arrived] = deque()
        self._rest: deque[Arrived] = deque()

    def put(self, arrived: Arrived) -> bool:
        """Take one in; False when there was no room in time."""
        queue = self._life if arrived.life else self._rest
        with self._room:
            if len(queue) >= self._most and not self._room.wait_for(
                lambda: len(queue) < self._most, self._patience
            ):
                return False
            queue.append(arrived)
            return True

    def take(self, most: int) -> list[Arrived]:
        """The next ones: life safety alone while there is any."""
        with self._room:
            queue = self._life or self._rest
            taken = [queue.popleft() for _ in range(min(most, len(queue)))]
            self._room.notify_all()
            return taken

    def back(self, taken: Sequence[Arrived]) -> None:
        """They could not be committed: they come first again, in their order."""
        with self._room:
            self._life.extendleft(each for each in reversed(taken) if each.life)
            self._rest.extendleft(each for each in reversed(taken) if not each.life)

    @property
    def vital(self) -> bool:
        """Whether anything of life safety waits."""
        return bool(self._life)

    def __len__(self) -> int:
        return len(self._life) + len(self._rest)
