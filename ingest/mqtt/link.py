"""Link: whether the connection to the broker stands, since when and why not, and who is told of every change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from ingest.mqtt.mishaps import Mishaps

log = logging.getLogger(__name__)

Told = Callable[[bool, str], None]
"""Called with (connected, reason) on the network thread."""


class Link:
    """The state of one client's connection; changed on the network thread, read by any."""

    def __init__(self, address: str, clock: Callable[[], datetime], mishaps: Mishaps) -> None:
        self._address = address
        self._clock = clock
        self._mishaps = mishaps
        self._lock = threading.Lock()
        self._connected = False
        self._since = clock()
        self._reason = "not started"
        self._told: list[Told] = []

    @property
    def connected(self) -> bool:
        """Whether it stands."""
        return self._connected

    @property
    def since(self) -> datetime:
        """When `connected` last changed (UTC)."""
        return self._since

    def now(self) -> tuple[bool, datetime, str]:
        """Whether it stands, since when, and why it is away: of one moment."""
        with self._lock:
            return self._connected, self._since, self._reason

    def on_change(self, told: Told) -> None:
        """Whoever wants to know of every change."""
        self._told.append(told)

    def change(self, *, connected: bool, reason: str) -> None:
        """It stands from now on, or is away for this reason; told where it was otherwise before."""
        with self._lock:
            changed = connected != self._connected
            self._reason = reason
            if changed:
                self._connected = connected
                self._since = self._clock()
        if not changed:
            return
        log.info("MQTT %s: %s", self._address, "connected" if connected else f"away ({reason})")
        for told in self._told:
            try:
                told(connected, reason)
            except Exception as wrong:  # noqa: BLE001 - counted, logged, in health; the connection goes on
                self._mishaps.failed("state callback", wrong)
