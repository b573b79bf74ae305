"""Publish: a PUBLISH packet without properties read at a quarter of what paho takes for it; pure.

paho builds a table of every property there may be for each message, and a text for a log that is off. Most messages
carry no property: those are read here, the others by paho.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.properties import Properties

PUBLISH = 3
QOS = 0x06
DUP = 0x08
RETAIN = 0x01


class Published(Protocol):
    """What is asked of a message that came, whoever read it: paho's MQTTMessage, too."""

    @property
    def topic(self) -> str:
        """As published; raises UnicodeDecodeError for what is none."""

    @property
    def mid(self) -> int:
        """The packet identifier, 0 for QoS 0."""

    @property
    def payload(self) -> bytes | bytearray:
        """The bytes."""

    @property
    def qos(self) -> int:
        """0, 1 or 2."""

    @property
    def retain(self) -> bool:
        """The broker's kept copy."""

    @property
    def dup(self) -> bool:
        """It was sent before."""

    @property
    def properties(self) -> Properties | None:
        """Of MQTT 5."""


@dataclass(slots=True)
class Plain:
    """A message without properties. Implements Published."""

    name: bytes
    mid: int
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    properties: None = None

    @property
    def topic(self) -> str:
        """As of Published."""
        return self.name.decode()


def plain(command: int, packet: bytes) -> Plain | None:
    """The message of a PUBLISH (MQTT 5, 3.3) of QoS 0 or 1 without properties; None: paho is to read it.

    `command` is the first byte of the packet, `packet` what follows its length.
    """
    qos = (command & QOS) >> 1
    topic_end = 2 + int.from_bytes(packet[:2], "big")
    properties = topic_end + 2 * qos
    if command >> 4 != PUBLISH or qos > 1 or len(packet) <= properties or packet[properties]:
        return None
    return Plain(
        packet[2:topic_end],
        int.from_bytes(packet[topic_end:properties], "big"),
        packet[properties + 1 :],
        qos,
        bool(command & RETAIN),
        bool(command & DUP),
    )
