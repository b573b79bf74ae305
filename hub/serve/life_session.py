"""Life session: topics of life safety have an MQTT session of their own, which no flood of the others delays.

The common session hears every topic, those of life safety too, and drops them; the session of life safety hears its
topics only. When the registry moves a topic from one to the other, both change over at the same message: a marker is
published that both are subscribed to. What is in front of the marker belongs to whom it belonged to before, what is
behind it to the other; so no message is lost and none is taken twice, however far behind a session is. Each session's
view is kept in the ledger before its marker is acknowledged, for messages that wait at the broker over a restart.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Literal

from alerts.directory import Directory
from config.registry import Registry
from config.targets import SENSORS, targets
from detectors.shelf import input_of
from ingest.bindings import Bindings
from ingest.decode import announcement_filters
from ingest.errors import LedgerAway
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from ingest.mqtt.topics import matches

log = logging.getLogger(__name__)

Session = Literal["common", "life"]
REMEMBERED = 10_000
"""Topics of which is remembered whose they are."""
PATIENCE = 5
"""Ticks to wait for the broker's answer to the subscriptions; they were sent before the marker in any case."""


def life_devices(registry: Registry, directory: Directory) -> frozenset[str]:
    """Sensors with a rule of severity `life`, or whose condition is part of one that has it."""
    vital = frozenset(
        condition
        for each in registry.together
        if each.severity == "life"
        for conditions in each.any_of
        for condition in conditions
    )
    return frozenset(
        device.id
        for rule in registry.rules
        if input_of(rule) == "readings" and (rule.severity == "life" or (rule.condition or rule.id) in vital)
        for device in targets(rule, directory, SENSORS)
    )


def life_filters(registry: Registry, directory: Directory, bindings: Bindings) -> frozenset[str]:
    """What these devices speak on. Self-descriptions are everybody's, and stay with the common session."""
    return bindings.filters_of(life_devices(registry, directory)) - frozenset(announcement_filters())


class LifeSession:
    """Sorts messages of the two sessions; `handle(message, ack, life)` gets each once."""

    def __init__(
        self,
        common: Client,
        life: Client,
        *,
        marker: str,
        handle: Callable[[Message, Ack, bool], None],
        keep: Callable[[Session, frozenset[str]], Future[None]],
        stored: Mapping[str, frozenset[str]],
    ) -> None:
        self._clients: dict[Session, Client] = {"common": common, "life": life}
        self._marker = marker
        self._handle = handle
        self._keep = keep
        self._views: dict[Session, frozenset[str]] = {
            "common": stored.get("common", frozenset()),
            "life": stored.get("life", frozenset()),
        }
        self._known: dict[Session, dict[str, bool]] = {"common": {}, "life": {}}
        self._lock = threading.Lock()  # between who plans and who ticks
        self._wanted = self._views["life"]
        self._held: frozenset[str] = frozenset()  # what the session of life safety is subscribed to
        self._announced: Future[None] | None = None
        self._asked = 0  # ticks since the subscriptions were asked for
        common.subscribe([(marker, 1)], self._marked("common"))
        life.subscribe([(marker, 1)], self._marked("life"))

    def plan(self, filters: frozenset[str]) -> None:
        """These topics are to be life safety's; until the change-over both sessions go on as before."""
        with self._lock:
            self._wanted = filters
            self._announced = None
            self._asked = 0
            fresh = (filters | self._views["life"]) - self._held
            self._held |= fresh
            if fresh:
                self._clients["life"].subscribe([(each, 1) for each in sorted(fresh)], self.life)

    def tick(self) -> None:
        """Publish the marker when life safety's session is subscribed, give up what it no longer needs."""
        with self._lock:
            self._go_on()

    def _go_on(self) -> None:
        life = self._clients["life"]
        if all(view == self._wanted for view in self._views.values()):
            if gone := self._held - self._wanted:
                self._held = self._wanted
                life.unsubscribe(sorted(gone))
            return
        under_way = self._announced is not None and not (
            self._announced.done() and self._announced.exception() is not None
        )
        if under_way or not all(each.connected for each in self._clients.values()):
            return
        self._asked += 1
        if not life.answered and self._asked < PATIENCE:
            return
        if refused := self._wanted & frozenset(life.health().refused_filters):
            log.error("the broker refuses %s to life safety's session: they stay common", sorted(refused))
            self._wanted -= refused
        self._announced = life.publish(self._marker, json.dumps(sorted(self._wanted)).encode())

    @property
    def changing(self) -> bool:
        """Whether a change-over is under way."""
        return any(view != self._wanted for view in self._views.values())

    def common(self, message: Message, ack: Ack) -> None:
        """A message of the common session."""
        if self._is_life("common", message.topic):
            ack()  # the other session has it
        else:
            self._handle(message, ack, False)

    def life(self, message: Message, ack: Ack) -> None:
        """A message of life safety's session."""
        if self._is_life("life", message.topic):
            self._handle(message, ack, True)
        else:
            ack()  # the common session has it

    def _is_life(self, session: Session, topic: str) -> bool:
        known = self._known[session]
        found = known.get(topic)
        if found is None:
            found = any(matches(each, topic) for each in self._views[session])
            if len(known) >= REMEMBERED:
                known.clear()
            known[topic] = found
        return found

    def _marked(self, session: Session) -> Callable[[Message, Ack], None]:
        def arrived(message: Message, ack: Ack) -> None:
            filters = _filters(message.payload)
            if filters is None:
                log.error("a marker on %s cannot be read, and is ignored", message.topic)
                ack()
                return
            self._views[session] = filters
            self._known[session] = {}

            def kept(done: Future[None]) -> None:
                if done.exception() is None:
                    ack()  # otherwise it comes again with the next connection

            try:
                self._keep(session, filters).add_done_callback(kept)
            except LedgerAway as wrong:
                log.warning("which topics are life safety's could not be kept: %s", wrong)

        return arrived


def _filters(payload: bytes) -> frozenset[str] | None:
    try:
        found: object = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        return None
    return frozenset(found)
