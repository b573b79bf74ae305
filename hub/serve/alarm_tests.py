"""Alarm tests: the rehearsal of the whole chain: asked for, published, received as a device's message is, told.

A message with an id is all that travels; who is on duty is told in the transaction in which the intake takes it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, tzinfo

from alerts.alarm import Verdict, judge, slot_of
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import alarms, rejected
from alerts.ledger.engine import Connection, Ledger
from alerts.notify import tell
from alerts.roster import merged, on_duty
from api.hub import ComponentState
from hub.serve.county import CountyHolder
from hub.serve.metrics import Metrics
from ingest.errors import LedgerAway
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

TOPIC = "hub/internal/v1/test-alarm"
CLOCK = "clock"
"""Who asks for the daily one."""


class AlarmTests:
    """One per `serve`."""

    def __init__(
        self,
        ledger: Ledger,
        county: CountyHolder,
        client: Client,
        metrics: Metrics,
        *,
        clock: Callable[[], datetime],
        at: str,
        zone: tzinfo,
    ) -> None:
        self._ledger = ledger
        self._county = county
        self._client = client
        self._metrics = metrics
        self._clock = clock
        self._at = at
        self._zone = zone
        self._slot: str | None = None
        self._asked: list[str] = []
        self._last: tuple[str, str, str] | None = None

    # -- asked for -----------------------------------------------------------------------------------------

    def tick(self, conn: Connection, directory: Directory, now: datetime) -> None:
        """In the caller's transaction: the daily one when it is due, and what became of those under way."""
        slot = slot_of(self._at, now.astimezone(self._zone))
        if slot is not None and slot != self._slot and directory.rosters:
            key = new_id(now)
            if alarms.ask(conn, key, slot=slot, who=CLOCK, now=now):
                self._asked.append(key)
            self._slot = slot
        for key, way in alarms.running(conn):
            verdict = judge(way, now)
            if verdict.state != "running":
                alarms.settle(conn, key, verdict, now)
        self._last = alarms.last(conn)

    def after(self) -> None:
        """The transaction is committed: what it asked for goes out."""
        asked, self._asked = self._asked, []
        for key in asked:
            self.send(key)

    def lost(self) -> None:
        """The transaction was undone: nothing was asked for."""
        self._asked, self._slot = [], None

    def send(self, key: str) -> None:
        """To the broker, without waiting; how that went is written down."""
        try:
            future = self._client.publish(TOPIC, json.dumps({"id": key}).encode(), qos=1)
        except Exception as wrong:  # noqa: BLE001 - whatever keeps it from the broker is what the test is to find
            self._failed(key, str(wrong))
            return

        def done(sent: Future[None]) -> None:
            wrong = sent.exception()
            if wrong is not None:
                self._failed(key, str(wrong))
                return
            at = self._clock()
            self._write(lambda conn: alarms.published(conn, key, at))

        future.add_done_callback(done)

    # -- received ------------------------------------------------------------------------------------------

    def handle(self, message: Message, ack: Ack) -> None:
        """One message, on the network thread; acknowledged after its effect is committed."""
        key = _id_of(message.payload)
        act = self._refused(message) if key is None else self._effect(key, message.received_at)

        def done(finished: Future[None]) -> None:
            wrong = finished.exception()
            if wrong is None:
                ack()
            elif not isinstance(wrong, LedgerAway):
                self._metrics.errors.labels("test-alarms").inc()
                log.error("a test alarm could not be told", exc_info=wrong)
                ack()

        try:
            self._ledger.write(act).add_done_callback(done)
        except LedgerAway:
            self._metrics.errors.labels("ledger").inc()  # not acknowledged: the broker sends it again

    def _effect(self, key: str, received_at: datetime) -> Callable[[Connection], None]:
        def act(conn: Connection) -> None:
            if not alarms.received(conn, key, received_at):
                return
            now, directory = self._clock(), self._county.now.directory
            written = []
            for roster in directory.rosters.values():
                turn = merged(on_duty(roster, now))
                if turn is not None:
                    told = tell(
                        conn,
                        directory,
                        why="test-alarm",
                        addressee=turn.users[0] if turn.users else turn.unit,
                        incidents=(),
                        channels=turn.channels,
                        now=now,
                    )
                    written.append(told.id)
            alarms.told(conn, key, written, now)

        return act

    def _refused(self, message: Message) -> Callable[[Connection], None]:
        self._metrics.rejected.labels("malformed-test-alarm").inc()

        def act(conn: Connection) -> None:
            rejected.add(
                conn,
                at=self._clock(),
                reason="malformed-test-alarm",
                convention="internal",
                topic=message.topic,
                payload=message.payload,
                message="a test alarm is {id}",
            )

        return act

    # -- shown ---------------------------------------------------------------------------------------------

    def state(self) -> tuple[ComponentState, str]:
        """The component `test-alarm`: degraded when the last one did not come through."""
        if self._last is None or self._last[0] == "passed":
            return "ok", ""
        _, leg, reason = self._last
        return "degraded", f"the last test alarm ended at {leg}: {reason}"

    # -- inside --------------------------------------------------------------------------------------------

    def _failed(self, key: str, reason: str) -> None:
        now = self._clock()
        self._write(lambda conn: alarms.settle(conn, key, Verdict("failed", "broker", reason), now))

    def _write(self, act: Callable[[Connection], None]) -> None:
        try:
            self._ledger.write(act)
        except LedgerAway:
            self._metrics.errors.labels("ledger").inc()  # after its time the alarm counts as failed


def _id_of(payload: bytes) -> str | None:
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    key = body.get("id") if isinstance(body, dict) else None
    return key if isinstance(key, str) else None
