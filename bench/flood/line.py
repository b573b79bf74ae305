"""Line: one publishing connection (MQTT 3.1.1, QoS 1), so thin that what is measured is the hub and not its load.

A client library costs several hundred microseconds a message and a thread a connection; 32 of them took both
processors of a small machine, and the hub had what was left.
"""

from __future__ import annotations

import socket
import time

from ingest.mqtt.address import Address

CONNACK = bytes((0x20, 2, 0, 0))
PUBACK = 0x40
IDS = 65_535
TIMEOUT = 10.0
"""Seconds for the connection, and for what the broker does not take at once."""


class Line:
    """One connection. Publishing waits for nobody; acknowledged() reads what has come."""

    def __init__(self, url: str, name: str, topic: str) -> None:
        at = Address.parse(url)
        self._topic = _text(topic)
        self._next = 0
        self._half = b""
        self._socket = socket.create_connection((at.host, at.port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # protocol level 4, clean session, no keep-alive
        self._socket.sendall(_packet(0x10, _text("MQTT") + bytes((4, 2, 0, 0)) + _text(name)))
        answer = b""
        while len(answer) < len(CONNACK):
            more = self._socket.recv(len(CONNACK) - len(answer))
            if not more:
                break
            answer += more
        if answer != CONNACK:
            raise ConnectionError(f"the broker did not accept {name}: {answer.hex(' ')}")

    def publish(self, payload: bytes) -> None:
        """Hand one message to the broker."""
        self._next = self._next % IDS + 1
        self._socket.sendall(_packet(0x32, self._topic + self._next.to_bytes(2, "big") + payload))

    def acknowledged(self, within: float = 0.0) -> int:
        """How many messages the broker has acknowledged since the last call; waits `within` seconds for one."""
        self._socket.settimeout(within)
        try:
            read = self._socket.recv(65_536)
        except (TimeoutError, BlockingIOError):
            return 0
        finally:
            self._socket.settimeout(TIMEOUT)
        if not read:
            raise ConnectionError("the broker closed the connection")
        read = self._half + read
        whole = len(read) // 4 * 4
        self._half = read[whole:]
        if any(each != PUBACK for each in read[0:whole:4]):
            raise ConnectionError(f"the broker sent something else than acknowledgements: {read.hex(' ')}")
        return whole // 4

    def drained(self, published: int, until: float) -> int:
        """Wait for the acknowledgement of `published` messages, until `until` (monotonic); how many came."""
        got = 0
        while got < published and (left := until - time.monotonic()) > 0:
            got += self.acknowledged(left)
        return got

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(_packet(0xE0, b""))
        self._socket.close()


def _text(text: str) -> bytes:
    written = text.encode()
    return len(written).to_bytes(2, "big") + written


def _packet(first: int, body: bytes) -> bytes:
    length = bytearray()
    left = len(body)
    while True:
        left, seven = divmod(left, 128)
        length.append(seven | (128 if left else 0))
        if not left:
            return bytes((first, *length)) + body
