"""Message: one MQTT message at the edge, before anybody has looked into it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

Ack = Callable[[], None]
"""Sends the PUBACK; callable from any thread, more than once (only the first counts), and harmless after
the connection it belongs to is gone (the broker then sends the message again)."""


NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


class Message(NamedTuple):
    """One message. A tuple: a frozen dataclass takes four times as long to make.

    Attributes:
        topic: As published.
        payload: The bytes, untouched.
        qos: 0 or 1, as delivered.
        retain: The broker's kept copy, sent because we subscribed: not fresh.
        received_at: Arrival at this process (UTC).
        user_properties: MQTT 5 user properties; the last of equal names counts.
        packet_id: The broker's packet identifier, 0 for QoS 0; reused after the acknowledgement.
        duplicate: The broker says it has sent this packet before.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    received_at: datetime
    user_properties: Mapping[str, str] = NO_PROPERTIES
    packet_id: int = 0
    duplicate: bool = False

    @property
    def key(self) -> str:
        """What a repeated delivery shares with the first, for messages that carry no time and no identifier.

        Packet identifiers are reused: look for an earlier message of this key only when `duplicate` is true,
        and only within the session's expiry.
        """
        return f"p{self.packet_id}.{zlib.crc32(self.payload):08x}"
