"""Mishaps: what went wrong on a connection: counted, logged once with its context, and the latest kept for health."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)


class Mishaps:
    """Of one client; for any thread.

    Attributes:
        count: Exceptions of handlers and callbacks, and of the network thread.
        last: The latest exception or refusal, one line; empty when there was none.
    """

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._lock = threading.Lock()
        self._logged = ""
        self.count = 0
        self.last = ""

    def failed(self, where: str, wrong: Exception) -> None:
        """An exception that the connection survives; a row of the same sort is logged once."""
        text = f"{where}: {type(wrong).__name__}: {wrong}"
        with self._lock:
            self.count += 1
            self.last = text
            first = self._logged != type(wrong).__name__
            self._logged = type(wrong).__name__
        if first:
            log.error("MQTT %s: %s", self._client_id, text, exc_info=wrong)

    def refused(self, text: str) -> None:
        """The broker said no."""
        with self._lock:
            self.last = text
