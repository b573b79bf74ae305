"""Delivery: each message to the handler that wants it; what nobody wants yet waits, unacknowledged, for a handler."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from ingest.mqtt.message import Ack, Message
from ingest.mqtt.mishaps import Mishaps
from ingest.mqtt.subscriptions import Handler, Retained, Subscriptions, Wish

PARKED = 500  # messages without a handler that wait for one


class Delivery:
    """The handlers of one client; for any thread.

    Attributes:
        unhandled: Messages that no handler wanted and that were too many to wait; acknowledged and dropped.
    """

    def __init__(self, mishaps: Mishaps) -> None:
        self._mishaps = mishaps
        self._lock = threading.Lock()  # never held while a handler runs
        self._subscriptions = Subscriptions()
        self._parked: deque[tuple[Message, Ack]] = deque()
        self.unhandled = 0

    def add(
        self, filters: Sequence[tuple[str, int]], handler: Handler, retained: Retained
    ) -> Sequence[tuple[Message, Ack]]:
        """One more handler; what waits is given back, to be delivered anew."""
        with self._lock:
            self._subscriptions.add(filters, handler, retained)
            parked, self._parked = self._parked, deque()
        return parked

    def remove(self, filters: Sequence[str]) -> None:
        """Nobody wants these filters any more."""
        with self._lock:
            self._subscriptions.remove(filters)

    def wanted(self) -> dict[str, Wish]:
        """What to ask of the broker."""
        with self._lock:
            return self._subscriptions.wanted()

    def covered(self) -> tuple[str, ...]:
        """What not to ask of it, because another filter brings the same."""
        with self._lock:
            return self._subscriptions.covered()

    def deliver(self, message: Message, ack: Ack) -> None:
        """To the first handler whose filter matches; an exception of it leaves the message unacknowledged."""
        overflow: Ack | None = None
        with self._lock:
            handler = self._subscriptions.handler(message.topic)
            if handler is None:
                self._parked.append((message, ack))
                if len(self._parked) > PARKED:
                    _, overflow = self._parked.popleft()
                    self.unhandled += 1
        if overflow is not None:
            overflow()
        if handler is None:
            return
        try:
            handler(message, ack)
        except Exception as wrong:  # noqa: BLE001 - counted, logged, in health; the message stays unacknowledged
            self._mishaps.failed(f"handler for {message.topic}", wrong)

    def forget_parked(self) -> None:
        """The connection that brought them is over: the broker sends them again."""
        with self._lock:
            self._parked.clear()
