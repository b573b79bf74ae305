"""Client: one MQTT 5 connection with a persistent session, acknowledged by hand, that comes back by itself.

The network thread is paho's. A message is acknowledged when its handler calls `ack`, which may be later, from
another thread, after a commit; `acks` sends it, `delivery` finds the handler, `asked` keeps the subscriptions,
`link` says whether the connection stands.

A hung broker (one that keeps the TCP connection but answers nothing) is noticed by MQTT's own ping, at most
two `keepalive` lengths and one second after its last byte.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import datetime

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.errors import BrokerAway
from ingest.mqtt.acks import Acks
from ingest.mqtt.address import Address
from ingest.mqtt.asked import Asked
from ingest.mqtt.delivery import Delivery
from ingest.mqtt.health import ClientHealth, Will
from ingest.mqtt.link import Link
from ingest.mqtt.message import Message
from ingest.mqtt.mishaps import Mishaps
from ingest.mqtt.sent import Sent
from ingest.mqtt.subscriptions import Handler, Retained
from ingest.mqtt.topics import check_topic
from ingest.mqtt.wire import RECONNECT, EnduringPaho, user_properties

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0  # seconds for the TCP connection


class Client:
    """One connection to one broker.

    `url` is `mqtt://[user:password@]host[:port]` or `mqtts://…` (system certificates). Subscribe before
    start() where you can: what the broker kept for the session comes at once. Messages that no handler wants
    yet wait unacknowledged (at most 500) for a later subscribe(). While messages come one after the other they may
    be `gather` seconds late: then one wake-up takes several.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        *,
        clock: Callable[[], datetime],
        keepalive: int = 3,
        session_expiry: int = 86_400,
        receive_maximum: int = 1_000,
        inflight: int = 20,
        max_queued: int = 10_000,
        will: Will | None = None,
        gather: float = 0.0,
    ) -> None:
        self._address = Address.parse(url)
        self.client_id = client_id
        self._clock = clock
        self._keepalive = keepalive
        self._renounced: tuple[str, ...] = ()
        self._received = self._connections = self._sessions_lost = 0  # counted on the network thread only
        self._started = self._stopped = False
        self._paho = EnduringPaho(client_id)
        self._mishaps = Mishaps(client_id)
        self._link = Link(self.address, clock, self._mishaps)
        self._acks = Acks(self._paho)
        self._delivery = Delivery(self._mishaps)
        self._asked = Asked(self._paho, self._delivery.wanted, self._mishaps)
        self._sent = Sent()

        self._connect_properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left it untyped
        self._connect_properties.SessionExpiryInterval = session_expiry
        self._connect_properties.ReceiveMaximum = receive_maximum
        self._paho.crashed = self._on_crash
        self._paho.gather = gather
        self._paho.connect_timeout = CONNECT_TIMEOUT
        self._paho.max_inflight_messages_set(inflight)
        self._paho.max_queued_messages_set(max_queued)
        # whole seconds in paho's annotation only; it computes with any number
        self._paho.reconnect_delay_set(*RECONNECT)  # type: ignore[arg-type]
        if self._address.user is not None:
            self._paho.username_pw_set(self._address.user, self._address.password)
        if self._address.tls:
            self._paho.tls_set_context(ssl.create_default_context())
        if will is not None:
            self._paho.will_set(check_topic(will.topic), will.payload, will.qos, will.retain)
        self._paho.on_pre_connect = self._on_pre_connect
        self._paho.on_connect = self._on_connect
        self._paho.on_connect_fail = self._on_connect_fail
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_message = self._on_message
        self._paho.on_publish = self._on_publish
        self._paho.on_subscribe = self._on_subscribe

    # -- what callers use ------------------------------------------------------------------------------

    def subscribe(
        self, filters: Sequence[tuple[str, int]], handler: Handler, *, retained: Retained = "new"
    ) -> None:
        """Deliver what matches `filters` (filter, QoS 0 or 1) to `handler`, now and after every reconnect.

        A message goes to one handler: the first subscribed whose filter matches.
        """
        parked = self._delivery.add(filters, handler, retained)
        self._asked.ask()
        for message, ack in parked:
            self._delivery.deliver(message, ack)

    def renounce(self, filters: Sequence[str]) -> None:
        """What an earlier run under this client id asked for, and this one does not: taken back when connected.

        Call it before start().
        """
        self._renounced += tuple(filters)

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Forget these filters, here and at the broker (when connected)."""
        self._delivery.remove(filters)
        self._asked.forget(filters)
        self._asked.ask()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> Future[None]:
        """Send one message; the future resolves on PUBACK (QoS 0: when written).

        While the broker is away QoS 1 messages wait in memory (at most `max_queued`) and go out in order
        after the reconnect; QoS 0 ones fail at once with BrokerAway, and so do all when the queue is full.
        """
        check_topic(topic)
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # what may already be on the wire cannot be cancelled
        if self._stopped:
            future.set_exception(BrokerAway("the client is stopped", reason="stopped", where=self.address))
            return future
        info = self._paho.publish(topic, payload, qos, retain)
        if info.rc == paho.MQTT_ERR_QUEUE_SIZE:
            future.set_exception(
                BrokerAway("too many messages wait", reason="queue-full", where=self.address)
            )
        elif qos == 0 and info.rc != paho.MQTT_ERR_SUCCESS:
            future.set_exception(BrokerAway("no connection", reason="not-connected", where=self.address))
        else:
            self._sent.wait_for(info.mid, future)
        return future

    def on_state(self, callback: Callable[[bool, str], None]) -> None:
        """Call `callback(connected, reason)` on the network thread at every change."""
        self._link.on_change(callback)

    def start(self) -> None:
        """Begin connecting; returns at once, and never raises because the broker is away."""
        if self._started:
            return
        self._started = True
        self._paho.connect_async(
            self._address.host,
            self._address.port,
            keepalive=self._keepalive,
            clean_start=False,
            properties=self._connect_properties,
        )
        self._paho.loop_start()

    def stop(self, timeout: float = 5.0) -> None:
        """Send what waits, disconnect and end the thread, within `timeout` seconds.

        What could not be sent fails with BrokerAway. The session stays at the broker; the last will is
        not published.
        """
        if not self._started or self._stopped:
            self._stopped = True
            return
        wait(self._sent.waiting if self.connected else (), timeout / 2)
        self._stopped = True
        self._paho.disconnect()
        # loop_stop() joins the network thread without a limit, and a TCP connect may be under way
        stopper = threading.Thread(
            target=self._paho.loop_stop, name=f"mqtt-stop-{self.client_id}", daemon=True
        )
        stopper.start()
        stopper.join(timeout / 2)
        if stopper.is_alive():
            log.warning("the MQTT thread of %s did not end within %.1f s", self.client_id, timeout)
        else:
            self._paho.release()
        self._sent.give_up(BrokerAway("the client stopped", reason="stopped", where=self.address))

    @property
    def address(self) -> str:
        """`host:port`, without user and password."""
        return str(self._address)

    @property
    def connected(self) -> bool:
        """MQTT says so, not only TCP, and what was subscribed before is answered: no message passes it by."""
        return self._link.connected

    @property
    def answered(self) -> bool:
        """Whether the broker has answered every subscription that was asked for."""
        return self._asked.answered

    @property
    def since(self) -> datetime:
        """When `connected` last changed (UTC)."""
        return self._link.since

    def health(self) -> ClientHealth:
        """How the connection is now."""
        connected, since, reason = self._link.now()
        return ClientHealth(
            connected=connected,
            since=since,
            reason=reason,
            received=self._received,
            acknowledged=self._acks.sent,
            published=self._sent.acknowledged,
            pending=len(self._sent.waiting),
            connections=self._connections,
            sessions_lost=self._sessions_lost,
            handler_errors=self._mishaps.count,
            unhandled=self._delivery.unhandled,
            refused_filters=self._asked.refused,
            last_error=self._mishaps.last,
        )

    # -- what paho calls, on the network thread -----------------------------------------------------------

    def _on_pre_connect(self, _client: paho.Client, _userdata: object) -> None:
        self._leave()

    def _on_connect(
        self,
        _client: paho.Client,
        _userdata: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._link.change(connected=False, reason=f"refused: {reason}")
            return
        self._connections += 1
        if self._connections > 1 and not flags.session_present:
            self._sessions_lost += 1
        unwanted = [*self._delivery.covered(), *self._renounced]
        self._acks.begin()
        if self._asked.begin():
            self._link.change(connected=True, reason="")
        if unwanted:  # an earlier run may have asked for them: they would come twice
            self._paho.unsubscribe(unwanted)

    def _on_connect_fail(self, _client: paho.Client, _userdata: object) -> None:
        self._link.change(connected=False, reason="not reachable")

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._leave()
        self._link.change(connected=False, reason="stopped" if self._stopped else str(reason).lower())

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if self._asked.answer(mid, reasons):
            self._link.change(connected=True, reason="")

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        wrong = (
            BrokerAway(f"the broker refused a message: {reason}", reason="refused", where=self.address)
            if reason.is_failure
            else None
        )
        self._sent.answered(mid, wrong)

    def _on_message(self, _client: paho.Client, _userdata: object, raw: paho.MQTTMessage) -> None:
        self._received += 1
        ack = self._acks.of(raw.mid, raw.qos)
        try:
            topic = raw.topic
        except UnicodeDecodeError as wrong:  # MQTT forbids it; no later delivery could be better
            self._mishaps.failed("topic", wrong)
            ack()
            return
        message = Message(
            topic=topic,
            payload=bytes(raw.payload),
            qos=raw.qos,
            retain=raw.retain,
            received_at=self._clock(),
            user_properties=user_properties(raw.properties),
            packet_id=raw.mid,
            duplicate=raw.dup,
        )
        self._delivery.deliver(message, ack)

    def _on_crash(self, wrong: Exception) -> None:
        """The network thread met bytes that are no MQTT; it starts again with a new connection."""
        self._leave()
        self._mishaps.failed("network thread", wrong)
        self._link.change(connected=False, reason="the broker sent something that is not MQTT")

    def _leave(self) -> None:
        """What belonged to the connection that ended is worth nothing to the next."""
        self._acks.end()
        self._asked.end()
        self._delivery.forget_parked()
