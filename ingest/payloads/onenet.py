"""onenet: devices that speak China Mobile OneNET's OneJSON.

`$sys/<pid>/<device>/thing/property/post`: `{"id", "version", "params": {name: {"value", "time"}}}`, as Alink but
for the topic, which begins with `$`. Names are `<pid>/<device>`.
Source: China Mobile IoT platform documentation, "设备属性/事件" (OneJSON).
"""

from __future__ import annotations

from datetime import tzinfo

from ingest import document
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described
from ingest.payloads.alink import parameters

FILTERS = ("$sys/+/+/thing/property/post",)


def device_of(topic: str) -> str:
    """`<pid>/<device>`."""
    return "/".join(topic.split("/")[1:3])


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings."""
    if not message.topic.endswith("/thing/property/post"):
        return NOTHING
    name = document.name(device_of(message.topic), "topic")
    fields = document.mapping(document.parse(message.payload), "payload")
    return Decoded(tuple(parameters(fields, name)))
