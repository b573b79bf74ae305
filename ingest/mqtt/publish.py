"""Publish: a PUBLISH packet without properties read at a quarter of what paho takes for it; pure.

paho builds a table of every property there may be for each message, and a text for a log that is off. Most messages
carry no property: those are read here, the others by paho.
"""

from __future__ import annotations

import paho.mqtt.client as paho

QOS = 0x06
DUP = 0x08
RETAIN = 0x01


def plain(command: int, packet: bytes | bytearray) -> paho.MQTTMessage | None:
    """The message of a PUBLISH (MQTT 5, 3.3) of QoS 0 or 1 without properties; None: paho is to read it.

    `command` is the first byte of the packet, `packet` what follows its length.
    """
    qos = (command & QOS) >> 1
    topic_end = 2 + int.from_bytes(packet[:2], "big")
    properties = topic_end + 2 * qos
    if qos > 1 or len(packet) <= properties or packet[properties]:
        return None
    message = paho.MQTTMessage(
        mid=int.from_bytes(packet[topic_end:properties], "big"), topic=bytes(packet[2:topic_end])
    )
    message.dup = bool(command & DUP)
    message.qos = qos
    message.retain = bool(command & RETAIN)
    message.payload = bytes(packet[properties + 1 :])
    return message
