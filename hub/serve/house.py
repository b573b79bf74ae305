"""House: everything of `serve` that lives as long as the process, wired; what the API sees of it.

No thread and no task begins here: hub/serve/run.py starts and ends what has a life of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotInTime
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

from prometheus_client import CollectorRegistry

from alerts.desk import expire_acknowledgements
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import (
    counters,
    devices,
    groups,
    incidents,
    outbox,
    receivers,
    registry,
    rule_states,
    session_filters,
)
from alerts.ledger.engine import Connection, Ledger
from alerts.notify import advance, remute
from alerts.presence import Here
from alerts.public_report import raise_overdue
from alerts.reconciliation import close_yesterday
from alerts.router import mark_stale, retire, review
from alerts.sight import Sight
from alerts.supervision import supervise_red
from alerts.switch import expire as expire_modes
from alerts.waiting import adopt
from api.accounts import platforms
from api.hub import ApiSettings, Component, ComponentState, Json
from config.contacts import contacts_of
from config.door import Door
from config.secrets import SecretBox
from config.settings import Settings
from hub.serve.adoption import Adoption
from hub.serve.alarm_tests import TOPIC as TEST_ALARM
from hub.serve.alarm_tests import AlarmTests
from hub.serve.case_files import CaseFiles
from hub.serve.components import Components
from hub.serve.county import CountyHolder
from hub.serve.device_keeper import DeviceKeeper
from hub.serve.downsampling import Downsampling
from hub.serve.duty import Duty
from hub.serve.evidence_reader import EvidenceReader
from hub.serve.evidence_store import EvidenceStore
from hub.serve.fleet import Fleet
from hub.serve.gate import Gate
from hub.serve.lessons import Lessons
from hub.serve.life_session import LifeSession, life_filters
from hub.serve.metrics import Gauges, Metrics
from hub.serve.nodes import COMMAND, STATES, NodeIntake
from hub.serve.retention import GIGABYTE, Limits, Retention
from hub.serve.sensor_rules import SensorRules, watches
from hub.serve.sensors import SensorIntake, bindings_of, filters
from hub.serve.signals import SignalIntake, filters_of
from hub.serve.statuses import STATUS, StatusIntake
from ingest.decode import announcement_filters
from ingest.errors import BrokerAway, LedgerAway, NotFound
from ingest.mqtt.client import Client
from ingest.pushed import message_of, topic_of
from ingest.reading import Reading

log = logging.getLogger(__name__)
T = TypeVar("T")

EPOCH = "epoch"
"""Counter of all assignments ever given; `serve` takes one itself, for its sensor rules."""
COMMIT = 30.0
"""Seconds that a change of the registry waits for its commit."""
TOLD = 5.0
"""Seconds that a command to a node waits for the broker."""
GATHER = 0.01
"""Seconds by which a flow of common sensor messages is read later, many at once; never those of life safety."""
QUIET = timedelta(seconds=10)
"""A worker that was not heard for so long is shown; a router that did not tick for so long has failed."""
STALE_FIRST, STALE_MOST = 5, 40
"""Incidents that nobody renewed in the first act of a tick, some 10 ms, and at most in one of its later acts: when the
broker or a worker is away, thousands may go stale at once, and what is new is not to wait behind them."""
STALE_FOR = 0.7
"""Seconds of a tick after which the rest of them is left to the next."""


def worker_token(secret: str) -> str:
    """What `serve` and its workers show each other; derived, so that it needs no place of its own."""
    return hmac.new(secret.encode(), b"worker token", hashlib.sha256).hexdigest()


def duty_of(directory: Directory) -> tuple[object, ...]:
    """What says who is told when nobody looks."""
    return directory.rosters, directory.escalations


class House:
    """One `serve`; implements api.hub.Hub."""

    def __init__(
        self,
        settings: Settings,
        *,
        secret: str,
        token: str,
        ledger: Ledger,
        broker: str,
        workers: Sequence[str],
        web: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self.now = clock
        self.ledger = ledger
        self.settings = ApiSettings(
            secret=secret,
            worker_token=token,
            guest=settings.guest,
            secure_cookie=settings.secure_cookie,
            open_metrics=settings.open_metrics,
            public_url=settings.public_url,
            web=web,
        )
        self.box = SecretBox(secret)
        self.door = Door(ledger, self.box, clock=clock)
        self.registry = Gate(self.door, self.refresh)
        self.adoption = Adoption(ledger, self.registry, timezone=settings.timezone, clock=clock)
        self._listen = settings.listen_topics
        self.counted = Metrics()
        reserve = round(settings.keep_free_gigabytes * GIGABYTE)
        self.store = EvidenceStore(settings.data / "evidence", secret, reserve=reserve)
        self.evidence = EvidenceReader(ledger, self.store, clock=clock)
        self.retention = Retention(
            ledger,
            self.store,
            Limits.of(settings),
            clock=clock,
            failed=self.counted.errors.labels("retention").inc,
        )
        self.downsampling = Downsampling(
            ledger, clock=clock, failed=self.counted.errors.labels("downsampling").inc
        )
        self.files = CaseFiles(self.store, room=self.retention.make_room)
        self.lessons = Lessons(
            self.store,
            models=settings.models,
            model_of=self.model_of,
            room=self.retention.make_room,
        )
        self.evidence_full: Callable[[], bool] = bool
        self.workers = Fleet(workers=workers, broker=broker, next_epoch=self._next_epoch, clock=clock)
        self.restarts: Callable[[], Mapping[str, int]] = dict
        self.duty = Duty(clock)
        self.receivers: Callable[[], Mapping[str, str]] = dict
        self._parts = Components()
        self._county = CountyHolder(ledger, self.box, timezone=settings.timezone, clock=clock)
        self._lock = threading.Lock()
        self._version = -1
        self._filters: frozenset[str] = frozenset()
        self._ticked_at: datetime | None = None
        self._news = (
            True  # something was committed since groups were last asked when they want to be looked at
        )
        self._group_at: datetime | None = None  # when the next one does
        ledger.on_commit(self._committed)

        identity = hashlib.sha256(secret.encode()).hexdigest()[:12]
        self.sensor_client = Client(broker, f"hub-{identity}-sensors", clock=clock, gather=GATHER)
        self.life_client = Client(broker, f"hub-{identity}-life", clock=clock)
        self.worker_client = Client(broker, f"hub-{identity}-workers", clock=clock)
        with ledger.read() as conn:
            self.keeper = DeviceKeeper(self.workers, devices.all_states(conn))
        self._rules = SensorRules(epoch=self._next_epoch(), new_id=lambda: new_id(clock()))
        self.sensors = SensorIntake(
            ledger,
            self._county,
            self._rules,
            self.keeper,
            self.counted,
            clock=clock,
            subscribe=self._subscribe_announced,
            publish=lambda topic, payload: self.sensor_client.publish(topic, payload, qos=0),
        )
        with ledger.read() as conn:
            stored = session_filters.load(conn)
        self.lives = LifeSession(
            self.sensor_client,
            self.life_client,
            marker=f"hub/internal/v1/sessions/{identity}",
            handle=self.sensors.handle,
            keep=lambda session, topics: ledger.write(
                lambda conn: session_filters.put(conn, session, topics)
            ),
            stored=stored,
        )
        self.signals = SignalIntake(
            ledger, self.counted, directory=lambda _conn: self.directory(), clock=clock
        )
        self.statuses = StatusIntake(self.workers, self.counted)
        self.nodes = NodeIntake(ledger, self._county, self.counted, clock=clock)
        self.alarms = AlarmTests(
            ledger,
            self._county,
            self.sensor_client,
            self.counted,
            clock=clock,
            at=settings.test_alarm_at,
            zone=settings.zone,
        )
        self.counted.watch(
            Gauges(
                head=lambda: self._asked(lambda conn: counters.value(conn, counters.EVENTS)),
                open_incidents=lambda: self._asked(incidents.open_by_severity),
                outbox=lambda: self._asked(outbox.count),
                receivers=lambda: self._asked(receivers.figures),
                cameras=self.keeper.counters,
                restarts=lambda: self.restarts(),  # noqa: PLW0108 - given later, by who starts the workers
                spooled=self.workers.spooled,
                analysis=self.workers.analysis,
            )
        )
        mine, former = filters_of(settings.database)
        self.worker_client.subscribe([(mine, 1)], self.signals.signal)
        self.worker_client.renounce([former])
        self.worker_client.subscribe([(STATUS, 0)], self.statuses.status)
        self.sensor_client.subscribe([(STATES, 1)], self.nodes.handle)
        self.sensor_client.subscribe([(TEST_ALARM, 1)], self.alarms.handle)
        described = [(each, 1) for each in announcement_filters()]
        self.sensor_client.subscribe(described, self.lives.common, retained="always")
        self.sensors.listen()
        self.sensor_client.on_state(self._broker_changed)

    # -- what the API asks -----------------------------------------------------------------------------

    @property
    def metrics(self) -> CollectorRegistry:
        """What /metrics shows."""
        return self.counted.registry

    def directory(self) -> Directory:
        """The registry as of the latest commit."""
        return self._county.now.directory

    def device_states(self) -> Mapping[str, Json]:
        """By device: state, reason, since, last_seen, figures."""
        return self.keeper.states()

    def components(self) -> Mapping[str, Component]:
        """What /readyz shows."""
        return self._parts.all()

    def model_of(self, incident: str) -> str:
        """The model that looks at the camera of an incident; empty when there is none any more."""
        with self.ledger.read() as conn:
            named = incidents.get(conn, Sight.everything(), incident)["devices"]
        cameras = self._county.now.cameras
        models = (cameras[each].get("model") for each in cast("list[str]", named) if each in cameras)
        return str(next((each for each in models if each), ""))

    def on_readings(self, callback: Callable[[Sequence[Reading]], None]) -> None:
        """Call back with every batch of readings after its commit."""
        self.sensors.on_readings(callback)

    def test_alarm(self, key: str) -> None:
        """Send the test alarm of this id on its way; how it went is written to the ledger."""
        self.alarms.send(key)

    def on_room(self, present: Callable[[], Sequence[Here]]) -> None:
        """Ask `present`, from any thread, who of the room listens to events now."""
        self.duty.watch(present)

    def contacts(self, site: str, *, phones: bool) -> Sequence[Json]:
        """Who is on duty at a site; phone numbers for those who may read them."""
        with self.ledger.read() as conn:
            return contacts_of(conn, self.box, site, phones=phones)

    def command(self, site: str, node: str, body: Json) -> None:
        """One command to a loudspeaker node; returns when the broker has it, raises BrokerAway."""
        topic = COMMAND.format(site=site, node=node)
        if not self.sensor_client.connected:
            raise BrokerAway("the broker is away", reason="broker-away", where=topic)
        try:
            payload = json.dumps(body, ensure_ascii=False).encode()
            self.sensor_client.publish(topic, payload, qos=1).result(TOLD)
        except NotInTime:
            raise BrokerAway("the broker did not take the command", reason="timeout", where=topic) from None

    def push(self, device: str, body: bytes) -> None:
        """Take in what a device pushed; returns when its effect is stored, raises NotFound or LedgerAway."""
        if not self.sensors.binds(topic_of(device)):
            raise NotFound("no such address")
        stored = threading.Event()
        self.sensors.handle(message_of(device, body, now=self.now()), stored.set)
        if not stored.wait(self.settings.write_timeout):
            raise LedgerAway("the push waits for the ledger", where=device, mend="push it again")

    # -- the registry ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take in the registry as it is now; called after every change, and by the tick when others changed it."""
        with self._lock:
            before = self._county.now
            with self.ledger.read() as conn:
                self._version = counters.value(conn, registry.VERSION)
            county = self._county.reload()
            self.workers.plan(county.cameras)
            bindings = bindings_of(county.registry)
            self.sensors.bind(bindings)
            wanted = frozenset(filters(bindings)).union(self._listen) - frozenset(announcement_filters())
            if fresh := sorted(wanted - self._filters):
                self.sensor_client.subscribe([(each, 1) for each in fresh], self.lives.common)
            if gone := sorted(self._filters - wanted):
                self.sensor_client.unsubscribe(gone)
            self._filters = wanted
            self.lives.plan(life_filters(county.registry, county.directory, bindings))
            found = watches(county.registry.rules, county.directory)
            rules = frozenset(before.directory.rules) - frozenset(county.directory.rules)
            names = frozenset(before.directory.devices) - frozenset(county.directory.devices)

        def act(conn: Connection) -> None:
            now = self.now()
            for key, state in self._rules.configure(found, rule_states.load_all(conn), now).items():
                rule_states.put(conn, key, state, now)
            if rules or names:
                retire(conn, rules=rules, devices=names, now=now)
            review(conn, county.directory, now)
            if duty_of(county.directory) != duty_of(before.directory):
                adopt(conn, county.directory, now)
            remute(conn, county.directory, now)
            self.keeper.judge(conn, county.directory, now)

        self.ledger.write(act).result(COMMIT)
        self.adoption.settle()

    # -- every second ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """What time alone changes. One transaction, after which incidents go stale; raises what either raises."""
        with self.ledger.read() as conn:
            changed = counters.value(conn, registry.VERSION) != self._version
        if changed or self._county.outdated(self.now()):
            self.refresh()
        self.sensors.retry()
        self.lives.tick()
        self.signals.retry()
        now = self.now()

        def act(conn: Connection) -> None:
            self.sensors.tick(
                conn, now, listening=self.sensor_client.connected and self.life_client.connected
            )
            expire_acknowledgements(conn, now)
            supervise_red(conn, now)
            raise_overdue(conn, self.directory(), now)
            close_yesterday(
                conn, lambda: platforms(conn, self.directory(), now), directory=self.directory(), now=now
            )
            expire_modes(conn, now)
            self.keeper.judge(conn, self.directory(), now)
            advance(conn, self.directory(), now)
            self.duty.tick(conn, self.directory(), now)
            self.alarms.tick(conn, self.directory(), now)

        try:
            self.ledger.write(act).result(COMMIT)
        except BaseException:
            self.sensors.lost()
            self.duty.lost()
            self.alarms.lost()
            raise
        self.alarms.after()
        self._mark_stale(now)
        self._ticked_at = now
        self._news = True  # other hubs on this ledger may have written

    @property
    def may_be_due(self) -> bool:
        """Whether a notice may have to be written now; asks nothing of the ledger."""
        return self._news or (self._group_at is not None and self._group_at <= self.now())

    def tell_due(self) -> None:
        """Write the notices whose time has come since the tick; what it raises, the next tick makes good."""
        if self._news:
            self._news = False
            with self.ledger.read() as conn:
                self._group_at = groups.next_at(conn)
        now = self.now()
        if self._group_at is not None and self._group_at <= now:
            self._news = True
            self.ledger.write(lambda conn: advance(conn, self.directory(), now)).result(COMMIT)

    def _mark_stale(self, now: datetime) -> None:
        """The incidents that nobody renewed; some in each act, so that what is new does not wait behind them all."""
        with self.ledger.read() as conn:
            more = bool(incidents.due(conn, now, 1))
        most, until = STALE_FIRST, time.monotonic() + STALE_FOR
        while more and time.monotonic() < until:

            def act(conn: Connection, most: int = most) -> bool:
                left = mark_stale(conn, now, self.directory(), most=most)
                advance(conn, self.directory(), now, most=0)
                return left

            more = self.ledger.write(act).result(COMMIT)
            most = min(most * 2, STALE_MOST)

    def look(self) -> None:
        """Ask every part how it is, for /readyz."""
        now = self.now()
        health = self.ledger.healthy(now)
        found: dict[str, tuple[ComponentState, str]] = {"ledger": (health.state, health.reason)}
        for name, client in (
            ("broker", self.sensor_client),
            ("broker-life", self.life_client),
            ("broker-workers", self.worker_client),
        ):
            found[name] = ("ok", "") if client.connected else ("failed", client.health().reason)
        late = self._ticked_at is None or now - self._ticked_at > QUIET
        found["router"] = ("failed", "no tick") if late else ("ok", "")
        found["sensors"] = ("ok", "")
        if self.sensors.overloaded(now):
            found["sensors"] = ("degraded", "more comes than is stored, and the broker holds the rest")
        if self.sensors.waiting:
            found["sensors"] = ("degraded", "messages wait for the ledger")
        for name, heard in self.workers.heard().items():
            lost = heard is None or now - heard > QUIET
            found[f"worker-{name}"] = ("degraded", "not heard") if lost else ("ok", "")
        for name, (state, reason) in self.workers.models().items():
            found[f"model-{name}"] = ("ok" if state == "ok" else "degraded", reason)
        names = {area: each.id for area, each in sorted(self.directory().active.items())}
        found["mode"] = ("ok", ", ".join(f"{mode} in {area}" for area, mode in names.items()))
        found["room"] = self.duty.state(self.directory(), now)
        for name, reason in self.receivers().items():
            found[name] = ("degraded", reason)
        found["test-alarm"] = self.alarms.state()
        full = self.evidence_full()
        found["evidence"] = ("degraded", "no room on its disk") if full else ("ok", "")
        self._parts.tell(found, now)

    # -- inside ----------------------------------------------------------------------------------------

    def _committed(self, _head: int) -> None:
        """On the writer's thread, after a commit that wrote events."""
        self._news = True

    def _broker_changed(self, connected: bool, _reason: str) -> None:
        """On the network thread."""
        self.keeper.broker(away_since=None if connected else self.now())
        if connected:
            self.sensors.resume()

    def _subscribe_announced(self, topics: Sequence[str]) -> None:
        self.sensor_client.subscribe([(each, 1) for each in topics], self.lives.common)

    def _next_epoch(self) -> int:
        return self.ledger.write(lambda conn: counters.take(conn, EPOCH)).result(COMMIT)

    def _asked(self, question: Callable[[Connection], T]) -> T:
        with self.ledger.read() as conn:
            return question(conn)
