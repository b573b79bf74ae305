"""Client: one MQTT 5 connection with a persistent session, acknowledged by hand, that comes back by itself.

The network thread is paho's. A message is acknowledged when its handler calls `ack`, which may be later, from
another thread, after a commit. An acknowledgement belongs to the connection that brought the message: packet
identifiers are reused, so one that comes after a reconnect is dropped and the broker sends the message again.

A hung broker (one that keeps the TCP connection but answers nothing) is noticed by MQTT's own ping, at most
two `keepalive` lengths and one second after its last byte.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import datetime

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.errors import BrokerAway
from ingest.mqtt.address import Address
from ingest.mqtt.health import ClientHealth, Will
from ingest.mqtt.message import Ack, Message
from ingest.mqtt.sent import Sent
from ingest.mqtt.subscriptions import Handler, Retained, Subscriptions, Wish
from ingest.mqtt.topics import check_topic
from ingest.mqtt.wire import RECONNECT, EnduringPaho, options_of, user_properties

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0  # seconds for the TCP connection
FILTERS_AT_ONCE = 200  # in one SUBSCRIBE packet
PARKED = 500  # messages without a handler that wait for one


class Client:
    """One connection to one broker.

    `url` is `mqtt://[user:password@]host[:port]` or `mqtts://…` (system certificates). Subscribe before
    start() where you can: what the broker kept for the session comes at once. Messages that no handler wants
    yet wait unacknowledged (at most 500) for a later subscribe().
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
    ) -> None:
        self._address = Address.parse(url)
        self.client_id = client_id
        self._clock = clock
        self._keepalive = keepalive
        self._subscriptions = Subscriptions()
        self._asked: dict[str, Wish] = {}
        self._renounced: tuple[str, ...] = ()
        self._parked: deque[tuple[Message, Ack]] = deque()
        self._asking = threading.RLock()  # one thread at a time tells the broker what is wanted
        self._lock = threading.RLock()  # guards what follows; never held while paho is called, except to ack
        self._generation = 0
        self._open = False  # CONNACK came
        self._opening: set[int] = set()  # subscriptions of this connection that are not answered yet
        self._connected = False
        self._since = clock()
        self._reason = "not started"
        self._sent = Sent()
        self._suback: dict[int, tuple[str, ...]] = {}
        self._refused: set[str] = set()
        self._received = self._acknowledged = 0
        self._connections = self._sessions_lost = self._handler_errors = self._unhandled = 0
        self._last_error = ""
        self._logged = ""
        self._state_callbacks: list[Callable[[bool, str], None]] = []
        self._started = self._stopped = False

        self._connect_properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left it untyped
        self._connect_properties.SessionExpiryInterval = session_expiry
        self._connect_properties.ReceiveMaximum = receive_maximum
        self._paho = EnduringPaho(client_id)
        self._paho.crashed = self._on_crash
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
        with self._lock:
            self._subscriptions.add(filters, handler, retained)
            parked, self._parked = self._parked, deque()
        self._ask()
        for message, ack in parked:
            self._deliver(message, ack)

    def renounce(self, filters: Sequence[str]) -> None:
        """What an earlier run under this client id asked for, and this one does not: taken back when connected.

        Call it before start().
        """
        self._renounced += tuple(filters)

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Forget these filters, here and at the broker (when connected)."""
        with self._lock:
            self._subscriptions.remove(filters)
            self._refused -= set(filters)
        self._ask()

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
        self._state_callbacks.append(callback)

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
        wait(self._sent.waiting if self._connected else (), timeout / 2)
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
        return self._connected

    @property
    def answered(self) -> bool:
        """Whether the broker has answered every subscription that was asked for."""
        return not self._suback

    @property
    def since(self) -> datetime:
        """When `connected` last changed (UTC)."""
        return self._since

    def health(self) -> ClientHealth:
        """How the connection is now."""
        with self._lock:
            return ClientHealth(
                connected=self._connected,
                since=self._since,
                reason=self._reason,
                received=self._received,
                acknowledged=self._acknowledged,
                published=self._sent.acknowledged,
                pending=len(self._sent.waiting),
                connections=self._connections,
                sessions_lost=self._sessions_lost,
                handler_errors=self._handler_errors,
                unhandled=self._unhandled,
                refused_filters=tuple(sorted(self._refused)),
                last_error=self._last_error,
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
            self._change(connected=False, reason=f"refused: {reason}")
            return
        with self._asking:  # whoever subscribes meanwhile is told to the broker after this
            with self._lock:
                self._connections += 1
                if self._connections > 1 and not flags.session_present:
                    self._sessions_lost += 1
                self._asked = {}
                self._open = True
                unwanted = [*self._subscriptions.covered(), *self._renounced]
            opening = self._ask()
            with self._lock:
                self._opening = opening
        if not opening:
            self._change(connected=True, reason="")
        if unwanted:  # an earlier run may have asked for them: they would come twice
            self._paho.unsubscribe(unwanted)

    def _on_connect_fail(self, _client: paho.Client, _userdata: object) -> None:
        self._change(connected=False, reason="not reachable")

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._leave()
        self._change(connected=False, reason="stopped" if self._stopped else str(reason).lower())

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            filters = self._suback.pop(mid, ())
            for name, reason in zip(filters, reasons, strict=False):
                if reason.is_failure:
                    self._refused.add(name)
                    self._last_error = f"subscription to {name} refused: {reason}"
                else:
                    self._refused.discard(name)
            opened = mid in self._opening and self._opening == {mid}
            self._opening.discard(mid)
        if opened:
            self._change(connected=True, reason="")

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
        with self._lock:
            self._received += 1
            generation = self._generation
        ack = _AckOnce(self, raw.mid, raw.qos, generation)
        try:
            topic = raw.topic
        except UnicodeDecodeError as wrong:  # MQTT forbids it; no later delivery could be better
            self._failed("topic", wrong)
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
        self._deliver(message, ack)

    def _on_crash(self, wrong: Exception) -> None:
        """The network thread met bytes that are no MQTT; it starts again with a new connection."""
        self._leave()
        self._failed("network thread", wrong)
        self._change(connected=False, reason="the broker sent something that is not MQTT")

    # -- inside -------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """What belonged to the connection that ended is worth nothing to the next."""
        with self._lock:
            self._generation += 1
            self._open = False
            self._opening = set()
            self._paho.forget_acks()
            self._parked.clear()

    def _deliver(self, message: Message, ack: Ack) -> None:
        with self._lock:
            handler = self._subscriptions.handler(message.topic)
        if handler is None:
            overflow: Ack | None = None
            with self._lock:
                self._parked.append((message, ack))
                if len(self._parked) > PARKED:
                    _, overflow = self._parked.popleft()
                    self._unhandled += 1
            if overflow is not None:
                overflow()
            return
        try:
            handler(message, ack)
        except Exception as wrong:  # noqa: BLE001 - counted, logged, in health; the message stays unacknowledged
            self._failed(f"handler for {message.topic}", wrong)

    def _ask(self) -> set[int]:
        """Bring what the broker is asked for in step with what is wanted; gives the packets to be answered."""
        with self._asking:
            with self._lock:
                if not self._open:
                    return set()
                wanted = self._subscriptions.wanted()
                fresh = {name: wish for name, wish in wanted.items() if self._asked.get(name) != wish}
                gone = [name for name in self._asked if name not in wanted]
                self._asked = wanted
            names = list(fresh)
            asked = {
                self._send_subscribe(names[start : start + FILTERS_AT_ONCE], fresh)
                for start in range(0, len(names), FILTERS_AT_ONCE)
            }
            if gone:
                self._paho.unsubscribe(gone)
            return {packet_id for packet_id in asked if packet_id is not None}

    def _send_subscribe(self, names: Sequence[str], wishes: Mapping[str, Wish]) -> int | None:
        _, mid = self._paho.subscribe([(name, options_of(wishes[name])) for name in names])
        if mid is not None:
            with self._lock:
                self._suback[mid] = tuple(names)
        return mid

    def _ack(self, packet_id: int, generation: int) -> None:
        with self._lock:  # so that the connection cannot change between the check and the packet's queueing
            if generation == self._generation and self._open:
                self._paho.ack_soon(packet_id)
                self._acknowledged += 1

    def _change(self, *, connected: bool, reason: str) -> None:
        with self._lock:
            changed = connected != self._connected
            self._reason = reason
            if changed:
                self._connected = connected
                self._since = self._clock()
        if not changed:
            return
        log.info("MQTT %s: %s", self.address, "connected" if connected else f"away ({reason})")
        for callback in self._state_callbacks:
            try:
                callback(connected, reason)
            except Exception as wrong:  # noqa: BLE001 - counted, logged, in health; the connection goes on
                self._failed("state callback", wrong)

    def _failed(self, where: str, wrong: Exception) -> None:
        text = f"{where}: {type(wrong).__name__}: {wrong}"
        with self._lock:
            self._handler_errors += 1
            self._last_error = text
            first = self._logged != type(wrong).__name__
            self._logged = type(wrong).__name__
        if first:
            log.error("MQTT %s: %s", self.client_id, text, exc_info=wrong)


class _AckOnce:
    """The acknowledgement of one message on one connection."""

    __slots__ = ("_client", "_done", "_generation", "_packet_id")

    def __init__(self, client: Client, packet_id: int, qos: int, generation: int) -> None:
        self._client = client
        self._packet_id = packet_id
        self._generation = generation
        self._done = qos == 0

    def __call__(self) -> None:
        if not self._done:
            self._done = True
            self._client._ack(self._packet_id, self._generation)  # noqa: SLF001 - one module
