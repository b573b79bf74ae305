"""Wire: what this house needs of paho beyond its own client: a thread that survives, options, user properties."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.mqtt.buffered import BufferedSocket
from ingest.mqtt.publish import plain
from ingest.mqtt.subscriptions import Wish

BURST = 100  # packets read before anything else has its turn
RECONNECT = (0.5, 2.0)  # seconds: first and longest wait between attempts


class EnduringPaho(paho.Client):
    """paho's client whose network thread survives bytes that are no MQTT."""

    crashed: Callable[[Exception], None]

    def __init__(self, client_id: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True
        )
        self._acks: deque[int] = deque()
        self.gather = 0.0
        """Seconds by which messages may be read later while one follows the other: one wake-up takes several."""
        self._read_at = 0.0
        self._woken = False

    def ack_soon(self, packet_id: int) -> None:
        """Acknowledge a QoS 1 message with the next write; many of them cost one wake-up and one packet on the wire."""
        self._acks.append(packet_id)
        if not self._woken:
            self._woken = True
            self._wake()

    def forget_acks(self) -> None:
        """The connection that they belong to is over."""
        self._acks.clear()

    def want_write(self) -> bool:
        """As paho's; asked before every wait, so what is to be acknowledged is put in line here."""
        self._line_up()
        return super().want_write()

    def loop_write(self) -> MQTTErrorCode:
        """As paho's."""
        self._line_up()
        return super().loop_write()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """As paho's, and on through what was read ahead, a bounded while: writes and pings are not to wait long."""
        done = MQTTErrorCode.MQTT_ERR_SUCCESS
        if self.gather and time.monotonic() - self._read_at < self.gather:
            time.sleep(self.gather)
        for _ in range(BURST):
            if not self._read_plain():
                done = super().loop_read(max_packets)
            held = self._sock.pending() if isinstance(self._sock, BufferedSocket) else 0
            if done or not held:
                break
        self._read_at = time.monotonic()
        return done

    def _read_plain(self) -> bool:
        """Take the next packet, if all of it is there and it is a message without properties, as most are.

        paho asks for its first byte, its length and its rest one by one, and builds much that nobody looks at.
        """
        sock = self._sock
        if not isinstance(sock, BufferedSocket) or self._in_packet["command"]:
            return False
        sock.fill()
        packet = sock.packet()
        message = packet and plain(packet[0], packet[1])
        if not packet or not message:
            return False
        sock.skip(packet[2])
        with self._msgtime_mutex:  # paho's ping waits for silence
            self._last_bytes_received = time.monotonic()
        self._handle_on_message(
            cast("paho.MQTTMessage", message)
        )  # it has all that is asked of one: Published
        return True

    def _handle_on_message(self, message: paho.MQTTMessage) -> None:
        """As paho's, without its own table of filters, which stays empty here and is walked for each message."""
        callback = self.on_message
        if callback is not None:
            with self._in_callback_mutex:
                callback(self, self._userdata, message)

    def _create_socket(self) -> paho.SocketLike:
        made = super()._create_socket()
        if not isinstance(made, socket.socket):
            return made
        # without this a small packet waits until the broker has acknowledged the one before: up to 40 ms
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made if isinstance(made, ssl.SSLSocket) else BufferedSocket(made)

    def _wake(self) -> None:
        if self._sockpairW is not None:
            with contextlib.suppress(BlockingIOError):  # it is full of calls to wake up
                self._sockpairW.send(b"0")

    def _line_up(self) -> None:
        """PUBACKs (type 4, reason 0 left out: MQTT 5, 3.4.2.1) as one write, on the network thread."""
        self._woken = False
        packets = bytearray()
        while self._acks:
            packets += b"\x40\x02" + self._acks.popleft().to_bytes(2, "big")
        if packets:
            self._out_packet.append(
                {
                    "command": paho.PUBACK,
                    "mid": 0,
                    "qos": 1,
                    "pos": 0,
                    "to_process": len(packets),
                    "packet": bytes(packets),
                    "info": None,
                }
            )

    def release(self) -> None:
        """Close the sockets that paho keeps for its garbage collection; the network thread has ended."""
        self._reset_sockets()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """As paho's, but an exception is reported and answered with a new connection."""
        broken = False
        while True:
            try:
                if broken:
                    self.reconnect()
                    broken = False
                return super().loop_forever(timeout, retry_first_connection)
            except Exception as wrong:  # noqa: BLE001 - counted, logged, in health by crashed()
                if not broken or not isinstance(wrong, OSError):
                    self.crashed(wrong)
                if self._thread_terminate:
                    return MQTTErrorCode.MQTT_ERR_CONN_LOST
                broken = True
                time.sleep(RECONNECT[1])


def options_of(wish: Wish) -> SubscribeOptions:
    """A wish as MQTT 5 writes it."""
    handling = (
        SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
        if wish.retained == "new"
        else SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
    )
    return SubscribeOptions(qos=wish.qos, retainHandling=handling)


def user_properties(properties: Properties | None) -> Mapping[str, str]:
    """The user properties of a message, the last of equal names."""
    pairs = getattr(properties, "UserProperty", None)
    return dict(pairs) if pairs else {}
