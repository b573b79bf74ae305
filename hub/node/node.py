"""Node: health, the emergency button, last will; commands in, states out. The only channel is MQTT.

    hub/v1/<site>/<node>/status      online, offline (last will, retained)
    hub/v1/<site>/<node>/telemetry   mains, battery, button: every 10 s and on every change
    hub/v1/<site>/<node>/command     {"id", "action": "play|stop", "text", "level" or "priority", "drill"}
    hub/v1/<site>/<node>/state       {"id", "state": "received|playing|done|failed", "reason", "at"}

A command is acknowledged to the broker after it is on the node's disk. A node that is killed plays what was
unfinished after its next start, and tells the states that the broker had not acknowledged.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from hub.node.player import Player
from hub.node.task import State, id_of, parse
from hub.node.tasks import Task, Tasks
from ingest.errors import MalformedPayload
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.mqtt.health import Will
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

TELEMETRY_EVERY = 10.0
PRESSED_FOR = 3.0  # seconds that the button reads true after one press
_DRAIN = 30.0  # seconds on battery per percent
_SESSION = 7 * 86_400  # seconds that the broker keeps commands for a node that is away


class Node:
    """One loudspeaker node."""

    def __init__(
        self, broker: str, site: str, name: str, folder: Path, *, clock: Callable[[], datetime]
    ) -> None:
        self._topic = f"hub/v1/{site}/{name}"
        self._clock = clock
        self._tasks = Tasks(folder)
        self._player = Player(folder / "sound", self._report)
        self._client = Client(
            broker,
            f"node-{site}-{name}",
            clock=clock,
            session_expiry=_SESSION,
            will=Will(f"{self._topic}/status", b"offline"),
        )
        self._client.subscribe([(f"{self._topic}/command", 1)], self._command)
        self._client.on_state(self._connection)
        self._lock = threading.Lock()  # guards the four below
        self._mains = True
        self._battery = 100.0
        self._measured = time.monotonic()
        self._pressed_until = 0.0
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stop(); then say offline and leave."""
        for task in self._tasks.all():
            if not task.told:
                self._tell(task)
            if not task.over:
                self._player.add(task.command)
        self._player.start()
        self._client.start()
        while not self._stopping.is_set():
            again = self._measure()
            self._wake.wait(again)
            self._wake.clear()
        self._player.close(2.0)
        self._client.publish(f"{self._topic}/status", b"offline", retain=True)
        self._client.stop(3.0)

    def stop(self) -> None:
        """End run(); callable from anywhere."""
        self._stopping.set()
        self._wake.set()

    def press(self) -> None:
        """The emergency button is pressed."""
        with self._lock:
            self._pressed_until = time.monotonic() + PRESSED_FOR
        self._wake.set()

    def switch_mains(self) -> None:
        """The mains go, or come back."""
        self._drain()
        with self._lock:
            self._mains = not self._mains
        self._wake.set()

    def _measure(self) -> float:
        """Publish the health; seconds until it is due again."""
        self._drain()
        with self._lock:
            left = self._pressed_until - time.monotonic()
            values = {"mains": self._mains, "battery": round(self._battery, 1), "button": left > 0}
        if self._client.connected:
            # Health that is late is of no use: while the broker is away nothing is queued.
            body = {"ts": format_instant(self._clock()), "values": values}
            self._client.publish(f"{self._topic}/telemetry", _json(body))
        return left if left > 0 else TELEMETRY_EVERY

    def _drain(self) -> None:
        now = time.monotonic()
        with self._lock:
            share = (now - self._measured) / _DRAIN
            self._measured = now
            self._battery = (
                min(100.0, self._battery + share) if self._mains else max(0.0, self._battery - share)
            )

    def _connection(self, connected: bool, _reason: str) -> None:
        if connected:
            self._client.publish(f"{self._topic}/status", b"online", retain=True)
            self._wake.set()

    def _command(self, message: Message, ack: Ack) -> None:
        try:
            command = parse(message.payload)
        except MalformedPayload as wrong:
            log.warning("a command cannot be used: %s", wrong)
            if key := id_of(message.payload):
                self._publish_state(key, "failed", wrong.reason, self._clock())
            ack()
            return
        known = self._tasks.get(command.id)
        if command.action == "stop":
            self._player.end(command.id)
            if known is None:
                self._publish_state(command.id, "failed", "unknown-task", self._clock())
        elif known is not None:
            self._tell(known)  # said before: the same answer again
        elif self._tasks.accept(command, self._clock()):
            task = self._tasks.get(command.id)
            if task is not None:
                self._tell(task)
            self._player.add(command)
        ack()

    def _report(self, key: str, state: State, reason: str) -> None:
        self._tell(self._tasks.move(key, state, reason, self._clock()))

    def _tell(self, task: Task) -> None:
        future = self._publish_state(task.command.id, task.state, task.reason, task.at)

        def settled(done: Future[None]) -> None:
            if done.exception() is None:
                self._tasks.told(task)

        future.add_done_callback(settled)

    def _publish_state(self, key: str, state: State, reason: str, at: datetime) -> Future[None]:
        body = {"id": key, "state": state, "reason": reason, "at": format_instant(at)}
        return self._client.publish(f"{self._topic}/state", _json(body))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
