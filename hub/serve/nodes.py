"""Node intake: what loudspeaker nodes answer to a broadcast; acknowledged after the commit."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import cast, get_args

from alerts.ledger import broadcasts, rejected
from alerts.ledger.broadcasts import NodeState
from alerts.ledger.engine import Connection, Ledger
from hub.serve.county import CountyHolder
from hub.serve.metrics import Metrics
from ingest.errors import HubError, LedgerAway, MalformedPayload, NotFound
from ingest.instant import parse_instant
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

STATES = "hub/v1/+/+/state"
COMMAND = "hub/v1/{site}/{node}/command"


class NodeIntake:
    """Answers of nodes; one per `serve`."""

    def __init__(
        self, ledger: Ledger, county: CountyHolder, metrics: Metrics, *, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._county = county
        self._metrics = metrics
        self._clock = clock

    def handle(self, message: Message, ack: Ack) -> None:
        """One answer, on the network thread. `{"id", "state": received|playing|done|failed, "reason", "at"}`."""
        try:
            act = self._effect(message)
        except (HubError, ValueError, KeyError, TypeError) as wrong:
            act = self._refused(message, wrong)

        def done(finished: Future[None]) -> None:
            wrong = finished.exception()
            if wrong is None or isinstance(wrong, NotFound):  # an answer to a broadcast that was forgotten
                ack()
            elif not isinstance(wrong, LedgerAway):
                self._metrics.errors.labels("nodes").inc()
                log.error("a node's answer could not be applied", exc_info=wrong)
                ack()

        try:
            self._ledger.write(act).add_done_callback(done)
        except LedgerAway:
            self._metrics.errors.labels("ledger").inc()  # not acknowledged: the broker sends it again

    def _effect(self, message: Message) -> Callable[[Connection], None]:
        _, _, site, node, _ = message.topic.split("/")
        entry = self._county.now.directory.devices.get(node)
        if entry is None or entry.site != site or entry.kind != "speaker":
            raise MalformedPayload("no loudspeaker node has this topic", reason="unknown-device")
        body = cast("dict[str, object]", json.loads(message.payload))
        state = str(body["state"])
        if state not in get_args(NodeState):
            raise MalformedPayload(f"{state[:40]!r} is no state of a node", reason="wrong-state")
        broadcast = str(body["id"])
        at = parse_instant(str(body["at"])) if body.get("at") else message.received_at
        reason = str(body.get("reason") or "")

        def act(conn: Connection) -> None:
            broadcasts.heard(
                conn, broadcast, node, cast("NodeState", state), reason=reason, at=at, now=self._clock()
            )

        return act

    def _refused(self, message: Message, wrong: Exception) -> Callable[[Connection], None]:
        reason = wrong.reason if isinstance(wrong, MalformedPayload) else "malformed-state"
        self._metrics.rejected.labels(reason).inc()

        def act(conn: Connection) -> None:
            rejected.add(
                conn,
                at=self._clock(),
                reason=reason,
                convention="native",
                topic=message.topic,
                payload=message.payload,
                message=str(wrong)[:300],
            )

        return act
