"""Sensor intake: a message is acknowledged after its effect is committed, never before.

The handler runs on the MQTT client's network thread and only decodes; the effect (readings, rule states, signals,
incidents, cases, events) is one closure for the ledger's writer. When a commit fails the message waits here and is
tried again; a hub that dies meanwhile has not acknowledged it, so the broker sends it again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.ledger import announcements, readings, rejected, rule_states
from alerts.ledger.engine import Connection, Ledger
from alerts.notify import advance
from alerts.router import apply_signals
from config.nouns.device import Gateway, Sensor, Speaker
from config.nouns.mapping import mapped
from config.registry import Registry
from hub.serve.county import CountyHolder
from hub.serve.device_keeper import DeviceKeeper
from hub.serve.metrics import Metrics
from hub.serve.sensor_rules import SensorRules
from hub.serve.understand import Refused, Understood, understand
from ingest.bindings import Binding, Bindings
from ingest.decode import conventions, listens
from ingest.errors import HubError, LedgerAway
from ingest.mqtt.message import Ack, Message
from ingest.payload import Described
from ingest.reading import Reading

log = logging.getLogger(__name__)

WAITING = 5_000
"""Messages that may wait here for the ledger; more stay at the broker, unacknowledged, until the next connection."""
ORIGIN = "serve"
AGAIN = timedelta(hours=24)
"""How long the broker may deliver a message again: the expiry of our session there."""


def bindings_of(registry: Registry) -> Bindings:
    """How the registry's sensors, gateways and loudspeaker nodes are found in messages."""
    found = []
    for device in registry.devices:
        if isinstance(device, Sensor | Gateway):
            mapping = mapped(device.id, device.topic or "", device.mapping) if device.mapping else None
            found.append(
                Binding(device.id, device.site, device.payload, device.topic, device.external_id, mapping)
            )
        elif isinstance(device, Speaker):
            found.append(Binding(device.id, device.site, "native"))
    return Bindings(found)


def filters(bindings: Bindings) -> tuple[str, ...]:
    """Every topic that a sensor may speak on."""
    shelf = [each for kind in conventions().values() for each in kind.filters]
    return tuple(dict.fromkeys([*shelf, *bindings.filters()]))


class SensorIntake:
    """Messages of sensors; one per `serve`."""

    def __init__(
        self,
        ledger: Ledger,
        county: CountyHolder,
        rules: SensorRules,
        keeper: DeviceKeeper,
        metrics: Metrics,
        *,
        clock: Callable[[], datetime],
        subscribe: Callable[[Sequence[str]], None],
    ) -> None:
        self._ledger = ledger
        self._subscribe = subscribe
        self._named: frozenset[str] = frozenset()
        self._county = county
        self._rules = rules
        self._keeper = keeper
        self._metrics = metrics
        self._clock = clock
        self._bindings = Bindings(())
        with ledger.read() as conn:
            self._described = Described(announcements.load_all(conn))
        self._newest: dict[tuple[str, str], datetime | None] = {}
        self._listeners: list[Callable[[Sequence[Reading]], None]] = []
        self._waiting: deque[tuple[Message, Understood, Ack]] = deque()
        self._lock = threading.Lock()
        self._reload = False

    def bind(self, bindings: Bindings) -> None:
        """The registry changed."""
        self._bindings = bindings
        with self._lock:
            self._described = replace(self._described, mapped=bindings.mapped)

    def on_readings(self, callback: Callable[[Sequence[Reading]], None]) -> None:
        """Call back, from the writer's thread, with every batch of readings after its commit."""
        self._listeners.append(callback)

    @property
    def waiting(self) -> int:
        """Messages that wait for the ledger."""
        return len(self._waiting)

    def handle(self, message: Message, ack: Ack) -> None:
        """One message, on the network thread."""
        said = understand(
            message,
            bindings=self._bindings,
            directory=self._county.now.directory,
            described=self._described,
            newest=self._newest_of,
        )
        if said.announcement is not None:
            with self._lock:
                self._described = self._described.after(said.announcement)
            self.listen()
        self._commit(message, said, ack)

    def listen(self) -> None:
        """Subscribe to the topics that announcements name and that are new."""
        named = frozenset(listens(self._described))
        if fresh := sorted(named - self._named):
            self._named |= named
            self._subscribe(fresh)

    def retry(self) -> None:
        """Try again what a failed commit left; called every second."""
        for _ in range(len(self._waiting)):
            with self._lock:
                if not self._waiting:
                    return
                message, said, ack = self._waiting.popleft()
            self._commit(message, said, ack)

    def resume(self) -> None:
        """The broker is back: nobody was silent while nobody could be heard."""
        self._ledger.write(self._resumed)

    def tick(self, conn: Connection, now: datetime, *, listening: bool) -> None:
        """What time alone changes; in the caller's transaction, on the writer's thread."""
        self._refresh(conn)
        self._tell(conn, now, None, listening=listening)
        self._keeper.silent(self._rules.silent(now) if listening else frozenset())

    def lost(self) -> None:
        """A transaction that this intake took part in was undone."""
        self._reload = True

    # -- on the writer's thread ----------------------------------------------------------------------------

    def _effect(self, message: Message, said: Understood) -> Callable[[Connection], None]:
        def act(conn: Connection) -> None:
            self._refresh(conn)
            now = self._clock()
            fresh = said.readings
            if message.duplicate:  # perhaps its effect was committed, and only the acknowledgement was lost
                fresh = tuple(each for each in fresh if not readings.stored_since(conn, each, now - AGAIN))
            if fresh:
                readings.add(conn, fresh)
                for key, state in self._rules.observe(fresh).items():
                    rule_states.put(conn, key, state, now)
                self._tell(conn, now, [each.device for each in fresh], listening=True)
            if said.announcement is not None:
                announcements.put(conn, said.announcement.topic, said.announcement.body, now=now)
            for each in said.refused:
                self._refuse(conn, message, said.convention, each, now)

        return act

    def _tell(self, conn: Connection, now: datetime, devices: list[str] | None, *, listening: bool) -> None:
        signals = self._rules.signals(now, devices, listening=listening)
        if signals:
            directory = self._county.now.directory
            applied = apply_signals(conn, signals, directory=directory, now=now, origin=ORIGIN)
            if applied.events:
                advance(conn, directory, now, most=0)
            self._metrics.signal_outcomes(applied)

    def _refuse(
        self, conn: Connection, message: Message, convention: str, each: Refused, now: datetime
    ) -> None:
        rejected.add(
            conn,
            at=now,
            reason=each.reason,
            convention=convention,
            topic=message.topic,
            payload=message.payload,
            message=each.message,
            guess=each.guess,
        )

    def _resumed(self, conn: Connection) -> None:
        now = self._clock()
        for key, state in self._rules.resume(now).items():
            rule_states.put(conn, key, state, now)

    def _refresh(self, conn: Connection) -> None:
        """After an undone transaction memory is ahead of the ledger: go back to what is stored."""
        if self._reload:
            self._reload = False
            self._rules.reload(rule_states.load_all(conn))

    # -- around the commit ---------------------------------------------------------------------------------

    def _commit(self, message: Message, said: Understood, ack: Ack) -> None:
        if not said.readings and not said.refused and said.announcement is None:
            self._committed(said)
            ack()
            return
        try:
            future = self._ledger.write(self._effect(message, said))
        except LedgerAway as wrong:
            self._wait(message, said, ack, wrong)
            return

        def done(finished: Future[None]) -> None:
            wrong = finished.exception()
            if wrong is None:
                self._committed(said)
                ack()
                return
            self.lost()
            if isinstance(wrong, LedgerAway):
                self._wait(message, said, ack, wrong)
                return
            # A message that breaks us must not block the others, and must not vanish: it is kept and said.
            self._metrics.errors.labels("sensors").inc()
            log.error("a message on %s could not be applied", message.topic, exc_info=wrong)
            if said.readings:
                refused = Refused("internal-error", f"{type(wrong).__name__}: {wrong}")
                self._commit(message, Understood(said.convention, refused=(refused,)), ack)

        future.add_done_callback(done)

    def _committed(self, said: Understood) -> None:
        outcome = "accepted" if said.readings or not said.refused else "rejected"
        self._metrics.payloads.labels(said.convention, outcome).inc()
        for each in said.refused:
            self._metrics.rejected.labels(each.reason).inc()
        now = self._clock()
        for device in said.heard:
            self._keeper.heard(device, now)
        for device, online in said.online.items():
            self._keeper.said(device, online=online)
        for reading in said.readings:
            key = (reading.device, reading.quantity)
            before = self._newest.get(key)
            self._newest[key] = reading.at if before is None else max(before, reading.at)
        if said.readings:
            for callback in self._listeners:
                callback(said.readings)

    def _wait(self, message: Message, said: Understood, ack: Ack, wrong: HubError) -> None:
        self._metrics.errors.labels("ledger").inc()
        with self._lock:
            if len(self._waiting) < WAITING:
                self._waiting.append((message, said, ack))
            elif len(self._waiting) == WAITING:
                log.warning("the ledger is away (%s): further messages stay at the broker", wrong)

    def _newest_of(self, device: str, quantity: str) -> datetime | None:
        key = (device, quantity)
        if key not in self._newest:
            with self._ledger.read() as conn:
                self._newest[key] = readings.newest_at(conn, device, quantity)
        return self._newest[key]
