"""Signal intake: what workers say, applied in bulk and acknowledged after the commit.

The handler runs on the MQTT client's network thread and only reads; whatever has gathered by the time the ledger's
writer comes to it is one act. A lone signal waits for nobody: the writer comes at once. Under load the acts grow, so
that what a commit costs is shared.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from alerts.directory import Directory
from alerts.ledger import rejected
from alerts.ledger.engine import Connection, Ledger, conflicted, first_line
from alerts.notify import advance
from alerts.router import Applied, Heard, apply_heard
from detectors.signal_json import from_json
from hub.serve.metrics import Metrics
from ingest.errors import HubError, LedgerAway
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

PLAIN = "hub/internal/v1/signals/+"
"""Everything, for itself."""
SIGNALS = f"$share/routers/{PLAIN}"
"""Shared (MQTT 5): each signal goes to one router, `serve` being one; another takes part without a change here."""
CONVENTION = "internal"


def filters_of(database: str) -> tuple[str, str]:
    """What `serve` subscribes to on this ledger, and what it gives up that it may have had before.

    On SQLite it is the only router, and subscribes for itself: mosquitto 2.0 forgets shared subscriptions when it
    starts again, and would lose what is said before `serve` is back.
    """
    return (PLAIN, SIGNALS) if database.startswith("sqlite") else (SIGNALS, PLAIN)


AT_ONCE = 4000
"""Signals in one act at most."""
PORTION = 100
"""Signals that are folded together at first. What many signals of one place have in common costs once in a portion, so
that a backlog is worked off the faster the longer it is."""
GROWTH = 4
"""How many times as many the next portion of an act may be, if at the pace of the last one there is time for them."""
LONG = 0.4
"""Seconds that an act may take: raising costs many times what renewing does, and ticks, people and what is said about
lives are not to wait behind it."""
TRIES = 5
"""Attempts for one signal that meets what another router has just committed."""


def further(done: int, took: float, since: float) -> int:
    """How many signals the next portion of an act may have, 0 for none.

    `done` signals took `took` seconds; the act began `since` seconds ago.
    """
    left = LONG - since
    return min(done * GROWTH, int(done * left / max(took, 1e-6))) if left > 0 else 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A signal that is not committed yet."""

    heard: Heard
    message: Message
    ack: Ack


class SignalIntake:
    """Signals of workers; one per process that routes them.

    `directory` answers the registry as of an act's transaction; it is called on the ledger's writer thread.
    """

    def __init__(
        self,
        ledger: Ledger,
        metrics: Metrics,
        *,
        directory: Callable[[Connection], Directory],
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._called = False  # the writer has been asked to come
        self._unkept: deque[tuple[Message, str, str, Ack]] = deque()

    def signal(self, message: Message, ack: Ack) -> None:
        """A worker's signal."""
        try:
            signal = from_json(message.payload)
        except HubError as wrong:
            self._keep(message, "malformed-signal", str(wrong), ack)
            return
        worker = message.topic.rsplit("/", 1)[-1]
        with self._lock:
            self._waiting.append(_Waiting(Heard(signal, worker), message, ack))
        self._call()

    @property
    def waiting(self) -> int:
        """Signals that are not committed yet."""
        return len(self._waiting)

    def retry(self) -> None:
        """Try again what a failed commit left, in order; called every second."""
        self._call()
        for _ in range(len(self._unkept)):
            self._keep(*self._unkept.popleft())

    # -- one act ---------------------------------------------------------------------------------------------

    def _call(self) -> None:
        """Ask the writer to come, once, if anything waits."""
        with self._lock:
            if self._called or not self._waiting:
                return
            self._called = True
        self._write(None)

    def _write(self, alone: _Waiting | None, tries: int = 1) -> None:
        """Hand an act over: whatever waits when the writer comes, or one signal by itself."""
        taken: list[_Waiting] = [] if alone is None else [alone]

        def act(conn: Connection) -> Applied:
            directory, now = self._directory(conn), self._clock()
            if alone is not None:
                applied = apply_heard(conn, [alone.heard], directory=directory, now=now)
            else:
                applied = Applied()
                begun = time.monotonic()
                size = PORTION
                while portion := self._take(min(size, AT_ONCE - len(taken))):
                    taken.extend(portion)
                    heard = [each.heard for each in portion]
                    last = time.monotonic()
                    applied = applied.with_(apply_heard(conn, heard, directory=directory, now=now))
                    size = further(len(portion), time.monotonic() - last, time.monotonic() - begun)
            if applied.events:
                advance(conn, directory, now, most=0)
            return applied

        try:
            future = self._ledger.write(act)
        except LedgerAway:
            self._back(taken)
            return
        future.add_done_callback(lambda finished: self._done(taken, finished, tries))

    def _take(self, most: int) -> list[_Waiting]:
        """The next portion of what waits; from now on who comes calls the writer again."""
        with self._lock:
            self._called = False
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _done(self, taken: list[_Waiting], finished: Future[Applied], tries: int) -> None:
        """After the commit, on the writer's thread."""
        wrong = finished.exception()
        if wrong is None:
            applied = finished.result()
            self._metrics.signal_outcomes(applied)
            self._metrics.faults_of((each.heard.signal for each in taken), applied)
            for each in taken:
                each.ack()
            self._call()  # more than one act had gathered
        elif isinstance(wrong, LedgerAway):
            self._back(taken)
        elif len(taken) > 1 or (conflicted(wrong) and tries < TRIES):
            # another router was faster at one place, or one signal breaks us: alone it takes no other with it
            self._metrics.errors.labels("signals-alone").inc()
            log.warning(
                "an act of %d signals failed and is done one by one: %s", len(taken), first_line(wrong)
            )
            for each in taken:
                self._write(each, tries + 1)
        else:
            self._metrics.errors.labels("signals").inc()
            for each in taken:
                log.error("signal %s could not be applied", each.heard.signal.id, exc_info=wrong)
                self._keep(each.message, "internal-error", f"{type(wrong).__name__}: {wrong}", each.ack)

    def _back(self, taken: list[_Waiting]) -> None:
        """The ledger is away: they wait, in their order, for retry()."""
        self._metrics.errors.labels("ledger").inc()
        with self._lock:
            self._called = False
            self._waiting.extendleft(reversed(taken))

    def _keep(self, message: Message, reason: str, text: str, ack: Ack) -> None:
        """What cannot be used is kept for inspection, and then acknowledged."""

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

        def done(finished: Future[None]) -> None:
            wrong = finished.exception()
            if wrong is None:
                self._metrics.rejected.labels(reason).inc()
                ack()
            elif isinstance(wrong, LedgerAway):
                self._unkept.append((message, reason, text, ack))
            else:
                self._metrics.errors.labels("signals").inc()
                log.error("a message on %s could not be kept", message.topic, exc_info=wrong)

        try:
            self._ledger.write(act).add_done_callback(done)
        except LedgerAway:
            self._metrics.errors.labels("ledger").inc()
            self._unkept.append((message, reason, text, ack))
