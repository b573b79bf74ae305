"""Wire: what this house needs of paho beyond its own client: a thread that survives, options, user properties."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.mqtt.subscriptions import Wish

RECONNECT = (0.5, 2.0)  # seconds: first and longest wait between attempts


class EnduringPaho(paho.Client):
    """paho's client whose network thread survives bytes that are no MQTT."""

    crashed: Callable[[Exception], None]

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


def send_at_once(_client: paho.Client, _userdata: object, sock: paho.SocketLike) -> None:
    """Without this a small packet waits until the broker has acknowledged the one before: up to 40 ms."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


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
