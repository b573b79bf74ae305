"""Router: one more process that applies the signals of workers to a ledger that several processes share.

`serve` routes by itself; on PostgreSQL further routers take a share of its work. The broker deals each signal to one
of them (a shared subscription), so the signals of one camera may be committed in another order than they were said:
alerts/mark.py says why that changes nothing. Two that raise the same at once meet the ledger's index, and the later one
tries again.

Dealing out whole workers instead would keep the order, but needs leases, and hands over late whenever a router dies;
as a late signal counts either way, the broker's own way is the simpler one.

What was dealt to a router that is away waits for it at the broker, for a day: start it again under the same name, or
let somebody end it in order, which gives its share to the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from alerts.directory import Directory
from alerts.ledger import counters, registry
from alerts.ledger.engine import Connection, Ledger
from config.apply import read_registry
from config.directory import directory
from hub.serve.metrics import Metrics
from hub.serve.signals import SIGNALS, SignalIntake
from ingest.errors import BrokerAway
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

START = 20.0
"""Seconds that start-up waits for the broker."""
QUIET = 0.5
"""Seconds without a signal after which none is under way any more."""
LEAVE = 5.0
"""Seconds at most for taking what was dealt to it before the end."""


class Followed:
    """The registry as of the transaction that asks; read anew only when it changed.

    Asked on one thread at a time: at start, then by the ledger's writer.
    """

    def __init__(self, *, timezone: str) -> None:
        self._timezone = timezone
        self._version = -1
        self._directory = Directory()

    def __call__(self, conn: Connection) -> Directory:
        """As this transaction sees it."""
        version = counters.value(conn, registry.VERSION)
        if version != self._version:
            self._directory = directory(read_registry(conn), timezone=self._timezone)
            self._version = version
        return self._directory


class Router:
    """One process of `hub router`."""

    def __init__(
        self, name: str, *, ledger: Ledger, broker: str, timezone: str, clock: Callable[[], datetime]
    ) -> None:
        self._counted = Metrics()
        self._client = Client(broker, f"hub-router-{name}", clock=clock)
        self._ledger = ledger
        self._directory = Followed(timezone=timezone)
        self._intake = SignalIntake(ledger, self._counted, directory=self._directory, clock=clock)
        self._heard_at = time.monotonic()
        self._client.subscribe([(SIGNALS, 1)], self._signal)

    def start(self) -> None:
        """Read the registry, so that nobody waits for that in the first act; connect.

        Raises BrokerAway when the broker does not answer in time.
        """
        with self._ledger.read() as conn:
            self._directory(conn)
        self._client.start()
        end = time.monotonic() + START
        while not self._client.connected:
            if time.monotonic() > end:
                raise BrokerAway("the broker does not answer", where=self._client.address, mend="start it")
            time.sleep(0.05)

    def tick(self) -> None:
        """Try again what a failed commit left; call it every second."""
        self._intake.retry()

    def leave(self) -> None:
        """Take no more, commit what was dealt already, and end; within some 8 s."""
        if self._client.connected:
            self._client.unsubscribe([SIGNALS])
            self._heard_at = time.monotonic()
            end = time.monotonic() + LEAVE
            while time.monotonic() < end and (
                self._intake.waiting or time.monotonic() - self._heard_at < QUIET
            ):
                self._intake.retry()
                time.sleep(0.05)
        self._client.stop(2.0)

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Signals by what became of them."""
        return self._counted.outcomes()

    def _signal(self, message: Message, ack: Ack) -> None:
        self._heard_at = time.monotonic()
        self._intake.signal(message, ack)
