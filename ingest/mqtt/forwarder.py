"""Forwarder: the thread that empties a spool into the broker for as long as it runs."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from ingest.mqtt.client import Client
from ingest.mqtt.spool import Spool

log = logging.getLogger(__name__)


class Forwarder:
    """Sends what is appended to `spool` through `client`, in order, and again until it is acknowledged.

    Attributes:
        sent: Records that the broker acknowledged.
        errors: Exceptions; the thread goes on after each.
        last_error: The latest, one line.
    """

    def __init__(self, spool: Spool, client: Client) -> None:
        self.sent = 0
        self.errors = 0
        self.last_error = ""
        self._spool = spool
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-forwarder", daemon=True)

    def start(self) -> None:
        """Begin; the spool may be filled before."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End within `timeout` seconds; what waits stays in the spool."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._client.connected and self._spool.wait(0.5):
                    self.sent += self._spool.drain(self._publish, timeout=0.5)
                else:
                    self._stop.wait(0.2)
            except Exception as wrong:  # counted, logged once, visible; the thread must go on
                self.errors += 1
                self.last_error = f"{type(wrong).__name__}: {wrong}"
                if self.errors == 1:
                    log.exception("the spool could not be forwarded")
                self._stop.wait(1.0)

    def _publish(self, topic: str, payload: bytes) -> Future[None]:
        return self._client.publish(topic, payload, 1)
