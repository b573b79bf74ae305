"""Acks: the acknowledgements of one connection after the other.

An acknowledgement belongs to the connection that brought the message: packet identifiers are reused, so one that
comes after a reconnect is dropped, and the broker sends the message again.
"""

from __future__ import annotations

import threading

from ingest.mqtt.message import Ack
from ingest.mqtt.wire import EnduringPaho


class Acks:
    """Hands out the acknowledgement of each message and sends those that come in time; for any thread.

    Attributes:
        sent: How many PUBACKs went out.
    """

    def __init__(self, wire: EnduringPaho) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._generation = 0
        self._open = False
        self.sent = 0

    def of(self, packet_id: int, qos: int) -> Ack:
        """The acknowledgement of a message that this connection brought; on the network thread."""
        return _Once(self, packet_id, qos, self._generation)

    def begin(self) -> None:
        """CONNACK came: what is acknowledged from now on may go out."""
        with self._lock:
            self._open = True

    def end(self) -> None:
        """The connection is over: what it brought can no longer be acknowledged."""
        with self._lock:
            self._generation += 1
            self._open = False
            self._wire.forget_acks()

    def send(self, packet_id: int, generation: int) -> None:
        """The PUBACK of a message, if the connection that brought it still stands."""
        with self._lock:  # so that the connection cannot change between the check and the packet's queueing
            if generation == self._generation and self._open:
                self._wire.ack_soon(packet_id)
                self.sent += 1


class _Once:
    """The acknowledgement of one message on one connection."""

    __slots__ = ("_acks", "_done", "_generation", "_packet_id")

    def __init__(self, acks: Acks, packet_id: int, qos: int, generation: int) -> None:
        self._acks = acks
        self._packet_id = packet_id
        self._generation = generation
        self._done = qos == 0

    def __call__(self) -> None:
        if not self._done:
            self._done = True
            self._acks.send(self._packet_id, self._generation)
