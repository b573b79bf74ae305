"""Signal intake: what workers say, applied once and acknowledged after the commit."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from alerts.ledger import rejected
from alerts.ledger.engine import Connection, Ledger
from alerts.notify import advance
from alerts.router import Applied, apply_signals
from detectors.signal import Signal
from detectors.signal_json import from_json
from hub.serve.county import CountyHolder
from hub.serve.fleet import Fleet
from hub.serve.metrics import Metrics
from ingest.errors import HubError, LedgerAway
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

SIGNALS = "hub/internal/v1/signals/+"
STATUS = "hub/internal/v1/status/+"
CONVENTION = "internal"


class SignalIntake:
    """Messages of workers; one per `serve`."""

    def __init__(
        self,
        ledger: Ledger,
        county: CountyHolder,
        fleet: Fleet,
        metrics: Metrics,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._county = county
        self._fleet = fleet
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Message, Ack]] = deque()

    def status(self, message: Message, ack: Ack) -> None:
        """A worker's status; QoS 0, the next one is newer."""
        try:
            self._fleet.report(json.loads(message.payload))
        except (HubError, ValueError) as wrong:
            self._metrics.rejected.labels("worker-status").inc()
            log.warning("a status on %s is malformed: %s", message.topic, wrong)
        ack()

    def signal(self, message: Message, ack: Ack) -> None:
        """A worker's signal."""
        worker = message.topic.rsplit("/", 1)[-1]
        try:
            signal = from_json(message.payload)
        except HubError as wrong:
            self._keep(message, "malformed-signal", str(wrong), ack)
            return
        try:
            future = self._ledger.write(self._apply(signal, worker))
        except LedgerAway:
            self._wait(message, ack)
            return

        def done(finished: Future[Applied]) -> None:
            wrong = finished.exception()
            if wrong is None:
                self._metrics.signal_outcomes(finished.result())
                ack()
            elif isinstance(wrong, LedgerAway):
                self._wait(message, ack)
            else:
                self._metrics.errors.labels("signals").inc()
                log.error("signal %s could not be applied", signal.id, exc_info=wrong)
                self._keep(message, "internal-error", f"{type(wrong).__name__}: {wrong}", ack)

        future.add_done_callback(done)

    def retry(self) -> None:
        """Try again what a failed commit left, in order; called every second."""
        for _ in range(len(self._waiting)):
            with self._lock:
                if not self._waiting:
                    return
                message, ack = self._waiting.popleft()
            self.signal(message, ack)

    def _apply(self, signal: Signal, worker: str) -> Callable[[Connection], Applied]:
        def act(conn: Connection) -> Applied:
            directory, now = self._county.now.directory, self._clock()
            applied = apply_signals(conn, [signal], directory=directory, now=now, origin=worker)
            if applied.events:
                advance(conn, directory, now)
            return applied

        return act

    def _wait(self, message: Message, ack: Ack) -> None:
        self._metrics.errors.labels("ledger").inc()
        with self._lock:
            self._waiting.append((message, ack))

    def _keep(self, message: Message, reason: str, text: str, ack: Ack) -> None:
        """What cannot be used is kept for inspection, and then acknowledged."""
        self._metrics.rejected.labels(reason).inc()

        def act(conn: Connection) -> None:
            rejected.add(
                conn,
                at=self._clock(),
                reason=reason,
                convention=CONVENTION,
                topic=message.topic,
                payload=message.payload,
                message=text,
            )

        try:
            future = self._ledger.write(act)
        except LedgerAway:
            self._wait(message, ack)
            return
        future.add_done_callback(lambda finished: ack() if finished.exception() is None else None)
