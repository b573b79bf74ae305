"""Sent: what was published and is not yet acknowledged by the broker, each with the future of its caller."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from ingest.errors import BrokerAway


class Sent:
    """Futures by packet identifier; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[None]] = {}
        self._early: dict[int, BrokerAway | None] = {}
        self.acknowledged = 0

    def wait_for(self, packet_id: int, future: Future[None]) -> None:
        """Resolve this future when the broker answers."""
        with self._lock:
            if packet_id not in self._early:
                self._waiting[packet_id] = future
                return
            wrong = self._early.pop(packet_id)  # the answer was faster than this thread
        _resolve(future, wrong)

    def answered(self, packet_id: int, wrong: BrokerAway | None) -> None:
        """The broker took the message, or refused it."""
        with self._lock:
            self.acknowledged += wrong is None
            future = self._waiting.pop(packet_id, None)
            if future is None:
                self._early[packet_id] = wrong
        if future is not None:
            _resolve(future, wrong)

    @property
    def waiting(self) -> Sequence[Future[None]]:
        """Those without an answer."""
        with self._lock:
            return list(self._waiting.values())

    def give_up(self, wrong: BrokerAway) -> None:
        """No answer will come any more."""
        with self._lock:
            left = list(self._waiting.values())
            self._waiting.clear()
        for future in left:
            _resolve(future, wrong)


def _resolve(future: Future[None], wrong: BrokerAway | None) -> None:
    if future.done():
        return
    if wrong is None:
        future.set_result(None)
    else:
        future.set_exception(wrong)
