"""Sensor intake: a message is acknowledged after its effect is committed, never before.

The handlers run on the network threads of the MQTT clients and only decode. Whatever waits when the ledger's writer
comes is one act: readings, rule states, signals, incidents, cases and events of all these messages are committed
together, life safety first. When a commit fails the messages wait here, in order, and are tried again; a hub that dies
meanwhile has not acknowledged them, so the broker sends them again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

from alerts.ledger import announcements, episodes, offers, readings, rejected, rule_states
from alerts.ledger.engine import Connection, Ledger, first_line
from alerts.ledger.reading_rows import key_of
from alerts.notify import advance
from alerts.router import apply_signals
from config.nouns.device import Gateway, Sensor, Speaker
from config.nouns.mapping import mapped
from config.registry import Registry
from detectors.rule import RuleState
from detectors.signal import Signal
from hub.serve.county import CountyHolder
from hub.serve.device_keeper import DeviceKeeper
from hub.serve.metrics import Metrics
from hub.serve.newest import Newest
from hub.serve.recall import Recall
from hub.serve.sensor_queue import Arrived, SensorQueue
from hub.serve.sensor_rules import SensorRules
from hub.serve.understand import NO_CHANGE, Refused, Understood, understand
from ingest.bindings import Binding, Bindings
from ingest.decode import conventions, listens
from ingest.errors import LedgerAway
from ingest.mqtt.message import Ack, Message
from ingest.payload import Described
from ingest.reading import Reading

log = logging.getLogger(__name__)

ORIGIN = "serve"
DEVICE = attrgetter("device")
AGAIN = timedelta(hours=24)
"""How long the broker may deliver a message again: the expiry of our session there."""
AT_ONCE = 200
"""Messages after which the next act does not wait for its time."""
PORTION = 50
"""Messages that are folded together, at most some 50 ms; then life safety has its turn, whatever else waits."""
PACE = 0.08
"""Seconds between two acts while messages come one after the other: an act costs as much as some thirty messages. Life
safety does not wait for it, nor does a message that comes alone."""
LONG = 0.2
"""Seconds after which an act takes no further messages: ticks, people and signals of cameras wait behind it."""
ANNOUNCED = 20_000
"""Topics that announcements may make us listen to, in one life of the process."""
TICK = timedelta(milliseconds=1)
"""Readings are stored to the millisecond."""
OVERLOADED = timedelta(seconds=30)
"""For so long after a message that there was no room for, health says so."""


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


def _nobody_waits() -> None:
    """The acknowledgement of what no message brought."""


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
        publish: Callable[[str, bytes], object],
    ) -> None:
        self._ledger = ledger
        self._subscribe = subscribe
        self._publish = publish
        self._named: frozenset[str] = frozenset()
        self._county = county
        self._rules = rules
        self._keeper = keeper
        self._metrics = metrics
        self._clock = clock
        self._bindings = Bindings(())
        self._newest = Newest(ledger)
        with ledger.read() as conn:
            self._described = Described(announcements.load_all(conn))
            self._recall = Recall(episodes.load_all(conn), clock(), self._newest.__getitem__)
        self._listeners: list[Callable[[Sequence[Reading]], None]] = []
        self._queue = SensorQueue()
        self._lock = threading.Lock()
        self._called = False  # the writer has been asked to come
        self._acted = 0.0  # when the last act began (monotonic)
        self._away = False  # the last commit failed
        self._full_at: datetime | None = None
        self._reload = False

    def bind(self, bindings: Bindings) -> None:
        """The registry changed."""
        self._bindings = bindings
        with self._lock:
            self._described = replace(self._described, mapped=bindings.mapped)

    def binds(self, topic: str) -> bool:
        """Whether a device of the registry is bound to this topic."""
        return bool(self._bindings.conventions(topic))

    def on_readings(self, callback: Callable[[Sequence[Reading]], None]) -> None:
        """Call back, from the writer's thread, with every batch of readings after its commit."""
        self._listeners.append(callback)

    @property
    def waiting(self) -> int:
        """Messages that wait for a ledger that is away."""
        return len(self._queue) if self._away else 0

    def overloaded(self, now: datetime) -> bool:
        """Whether there was no room for a message lately."""
        return self._full_at is not None and now - self._full_at < OVERLOADED

    def handle(self, message: Message, ack: Ack, life: bool = False) -> None:
        """One message, on the network thread; of life safety (`life`) it goes before others."""
        said = understand(
            message,
            bindings=self._bindings,
            directory=self._county.now.directory,
            described=self._described,
            newest=self._newest.__getitem__,
            in_order=self._recall.in_order,
        )
        said = self._recall.with_turns(said, message.received_at, retained=message.retain)
        for reply in said.replies:
            self._publish(reply.topic, reply.payload)
        if said.announcement is not None:
            with self._lock:
                self._described = self._described.after(said.announcement)
            self.listen()
        self._take_in(Arrived(message, said, ack, life))

    def listen(self) -> None:
        """Subscribe to the topics that announcements name and that are new."""
        named = frozenset(listens(self._described))
        if fresh := sorted(named - self._named)[: max(ANNOUNCED - len(self._named), 0)]:
            self._named |= frozenset(fresh)
            self._subscribe(fresh)

    def retry(self) -> None:
        """Try again what a failed commit left; called every second."""
        if over := self._recall.timed_out(now := self._clock()):
            self._take_in(Arrived(Message("", b"", 0, False, now), over, _nobody_waits))
        self._call()

    def resume(self) -> None:
        """The broker is back: nobody was silent while nobody could be heard."""
        self._recall.missed()
        self._ledger.write(self._resumed)

    def tick(self, conn: Connection, now: datetime, *, listening: bool) -> None:
        """What time alone changes; in the caller's transaction, on the writer's thread."""
        self._refresh(conn)
        self._tell(conn, self._rules.signals(now, listening=listening), now)
        self._keeper.silent(self._rules.silent(now) if listening else frozenset())

    def lost(self) -> None:
        """A transaction that this intake took part in was undone."""
        self._reload = True

    # -- on the writer's thread ----------------------------------------------------------------------------

    def _apply(self, conn: Connection, portion: Sequence[Arrived], now: datetime) -> list[Reading]:
        """The effect of some messages, in their order; answers the readings that are new."""
        self._refresh(conn)
        new: list[Reading] = []
        signals: list[Signal] = []
        states: dict[str, RuleState] = {}
        for each, fresh in zip(portion, self._fresh(conn, portion, now), strict=True):
            if fresh:
                new += fresh
                states |= self._rules.observe(fresh)
                # after each message: what comes and goes within one act is told too
                signals += self._rules.signals(now, map(DEVICE, fresh), listening=True)
            episodes.store(conn, each.said.remember)
            told = each.said.announcement
            if told is not None and told.lasting:
                announcements.put(conn, told.topic, told.body, now=now)
            for refused in each.said.refused:
                self._refuse(conn, each.message, each.said.convention, refused, now)
        readings.add(conn, new)
        rule_states.put_all(conn, states, now)
        self._tell(conn, signals, now)
        return new

    def _fresh(self, conn: Connection, portion: Sequence[Arrived], now: datetime) -> list[Sequence[Reading]]:
        """Of each message the readings that are not stored yet; one that is said twice counts the first time.

        What is newer than everything known of its series is new; the ledger is asked for the others only.
        """
        doubtful: list[Reading] = []
        again: list[Reading] = []
        for each in portion:
            if each.message.duplicate:  # perhaps committed, and only the acknowledgement was lost
                for reading in each.said.readings:
                    (again if reading.at == reading.received_at else doubtful).append(reading)
                continue
            for reading in each.said.readings:
                known = self._newest[reading.device]
                before = known.get(reading.quantity)
                if before is None or reading.at - before >= TICK:
                    known[reading.quantity] = reading.at
                else:
                    doubtful.append(reading)
        if not doubtful and not again:
            return [each.said.readings for each in portion]
        stored = {*readings.there(conn, doubtful), *readings.came(conn, again, now - AGAIN)}
        found: list[Sequence[Reading]] = []
        named: set[tuple[str, str, str]] = set()  # of this portion: a message may wait here beside its double
        for each in portion:
            fresh = []
            for reading in each.said.readings:
                key, name = key_of(reading), (reading.device, reading.quantity, reading.message_id)
                double = each.message.duplicate and reading.at == reading.received_at and name in named
                if key not in stored and not double:
                    stored.add(key)
                    named.add(name)
                    fresh.append(reading)
                    known = self._newest[reading.device]
                    known[reading.quantity] = max(known.get(reading.quantity, reading.at), reading.at)
            found.append(fresh)
        return found

    def _tell(self, conn: Connection, signals: Sequence[Signal], now: datetime) -> None:
        if signals:
            directory = self._county.now.directory
            applied = apply_signals(conn, signals, directory=directory, now=now, origin=ORIGIN)
            if applied.events:
                advance(conn, directory, now, most=0)
            self._metrics.signal_outcomes(applied)

    def _refuse(
        self, conn: Connection, message: Message, convention: str, each: Refused, now: datetime
    ) -> None:
        if each.heard is not None:
            kept = offers.Kept(
                message.topic, message.payload, message.retain, message.received_at, message.packet_id
            )
            if not offers.keep(conn, each.heard, kept):
                return  # told once; its later messages are kept with the offer
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
            self._newest.clear()
            self._rules.reload(rule_states.load_all(conn))

    # -- around the commit ---------------------------------------------------------------------------------

    def _take_in(self, arrived: Arrived) -> None:
        said = arrived.said
        announced = said.announcement is not None and said.announcement.lasting
        if not (said.readings or said.refused or announced or said.remember != NO_CHANGE):
            self._committed([arrived], ())
            return
        if not self._queue.put(arrived):  # not acknowledged: the broker has it still, unless it is of QoS 0
            if self._full_at is None:
                log.warning("sensors send more than is stored: the broker holds the rest")
            self._full_at = self._clock()
            self._metrics.rejected.labels("no-room").inc()
            return
        if arrived.life or time.monotonic() - self._acted >= PACE:
            self._call()

    async def run(self) -> None:
        """Ask the writer to come for what has gathered, every so often, until cancelled."""
        while True:
            await asyncio.sleep(PACE)
            self._call()

    def _call(self) -> None:
        """Ask the writer to come, once, if anything waits."""
        with self._lock:
            if self._called or not len(self._queue):
                return
            self._called = True
        self._write(None)

    def _write(self, alone: Arrived | None) -> None:
        """Hand an act over: whatever waits when the writer comes, or one message by itself."""
        taken: list[Arrived] = [] if alone is None else [alone]

        def act(conn: Connection) -> list[Reading]:
            if alone is not None:
                return self._apply(conn, taken, self._clock())
            with self._lock:  # from now on who comes calls the writer again
                self._called = False
            begun = self._acted = time.monotonic()
            new: list[Reading] = []
            while portion := self._queue.take(PORTION):
                taken.extend(portion)
                new += self._apply(conn, portion, self._clock())
                if portion[0].life or time.monotonic() - begun > LONG:  # life safety: at once
                    break
            return new

        try:
            future = self._ledger.write(act)
        except LedgerAway:
            self._back(taken)
            return
        future.add_done_callback(lambda finished: self._done(taken, finished))

    def _done(self, taken: Sequence[Arrived], finished: Future[list[Reading]]) -> None:
        """After the commit, on the writer's thread."""
        wrong = finished.exception()
        if wrong is None:
            self._away = False
            self._committed(taken, finished.result())
            if len(self._queue) >= AT_ONCE or self._queue.vital:  # more than one act had gathered
                self._call()
            return
        self.lost()
        if isinstance(wrong, LedgerAway):
            self._back(taken)
        elif len(taken) > 1:  # one of them breaks us: alone it takes no other with it
            self._metrics.errors.labels("sensors-alone").inc()
            log.warning("an act of %d messages failed, each is done alone: %s", len(taken), first_line(wrong))
            for each in taken:
                self._write(each)
        else:
            for each in taken:
                self._give_up(each, wrong)

    def _give_up(self, arrived: Arrived, wrong: BaseException) -> None:
        """A message that breaks us must not block the others, and must not vanish: it is kept and said."""
        message, said = arrived.message, arrived.said
        self._metrics.errors.labels("sensors").inc()
        log.error("a message on %s could not be applied", message.topic, exc_info=wrong)
        if said.readings:
            refused = Refused("internal-error", f"{type(wrong).__name__}: {wrong}")
            self._write(Arrived(message, Understood(said.convention, refused=(refused,)), arrived.ack))

    def _back(self, taken: Sequence[Arrived]) -> None:
        """The ledger is away: they wait, in their order, for retry()."""
        self._away = True
        self._metrics.errors.labels("ledger").inc()
        with self._lock:
            self._called = False
        self._queue.back(taken)

    def _committed(self, taken: Sequence[Arrived], new: Sequence[Reading]) -> None:
        """After the commit: devices were heard, the messages are acknowledged and the readings told."""
        now = self._clock()
        outcomes: Counter[tuple[str, str]] = Counter()
        for each in taken:
            said = each.said
            outcomes[said.convention, "accepted" if said.readings or not said.refused else "rejected"] += 1
            for refused in said.refused:
                self._metrics.rejected.labels(refused.reason).inc()
            for device, online in said.online.items():
                self._keeper.said(device, online=online)
            for device, told in said.told.items():
                self._keeper.told(device, told, each.message.received_at)
        for (convention, outcome), number in outcomes.items():
            self._metrics.payloads.labels(convention, outcome).inc(number)
        for device in {device for each in taken for device in each.said.heard}:
            self._keeper.heard(device, now)
        for each in taken:
            each.ack()
        if new:
            for callback in self._listeners:
                callback(new)
