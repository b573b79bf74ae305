"""Publish: signals through a spool on disk (QoS 1, in order), the status every 2 s (QoS 0)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from detectors.signal import Signal
from detectors.signal_json import to_json
from ingest.mqtt.client import Client
from ingest.mqtt.forwarder import Forwarder
from ingest.mqtt.spool import Spool

log = logging.getLogger(__name__)

SIGNALS = "hub/internal/v1/signals/"
STATUS = "hub/internal/v1/status/"


class Publisher:
    """The worker's mouth. Signals survive a broker that is away and a worker that is killed."""

    def __init__(self, name: str, folder: Path, *, clock: Callable[[], datetime]) -> None:
        self._name = name
        self._clock = clock
        self._spool = Spool(folder)
        self._url = ""
        self._client: Client | None = None
        self._forwarder: Forwarder | None = None
        self.status_lost = 0

    def connect(self, url: str) -> None:
        """Use this broker from now on; nothing happens when it is the one in use."""
        if url == self._url:
            return
        self._disconnect(1.0)
        self._url = url
        self._client = Client(url, f"hub-worker-{self._name}", clock=self._clock)
        self._forwarder = Forwarder(self._spool, self._client)
        self._client.start()
        self._forwarder.start()

    def signal(self, signal: Signal) -> None:
        """Keep the signal on disk; it is sent as soon as the broker is there."""
        self._spool.append(SIGNALS + self._name, to_json(signal))

    def status(self, status: Mapping[str, object]) -> None:
        """Send the status now or not at all: the next one is newer."""
        if self._client is None or not self._client.connected:
            self.status_lost += 1
            return
        body = json.dumps(status, ensure_ascii=False).encode()
        self._client.publish(STATUS + self._name, body, qos=0).add_done_callback(self._sent)

    def _sent(self, done: Future[None]) -> None:
        if done.exception() is not None:
            self.status_lost += 1

    @property
    def spooled(self) -> int:
        """Signals that the broker has not acknowledged yet."""
        return len(self._spool)

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client is not None and self._client.connected

    def _disconnect(self, timeout: float) -> None:
        if self._forwarder is not None:
            self._forwarder.stop(timeout)
        if self._client is not None:
            self._client.stop(timeout)
        self._forwarder = self._client = None

    def close(self, timeout: float = 2.0) -> None:
        """End within twice `timeout` seconds; what waits stays on disk."""
        self._disconnect(timeout)
        self._spool.close()
