"""alink: devices that speak Alibaba Cloud's Alink JSON.

`/sys/<productKey>/<deviceName>/thing/event/property/post`: `{"id", "version", "params": {…}, "method"}`; a
parameter is bare or `{"value", "time"}` with Unix milliseconds; `module:name` for a module's parameter.
Names are `<productKey>/<deviceName>`.
Source: help.aliyun.com, "设备属性、事件、服务" (document 89301).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from ingest import document
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, moment

FILTERS = ("/sys/+/+/thing/event/property/post",)


def device_of(topic: str) -> str:
    """`<productKey>/<deviceName>`."""
    return "/".join(topic.split("/")[2:4])


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings."""
    if not message.topic.endswith("/thing/event/property/post"):
        return NOTHING
    name = document.name(device_of(message.topic), "topic")
    fields = document.mapping(document.parse(message.payload), "payload")
    return Decoded(tuple(parameters(fields, name)))


def parameters(fields: dict[str, object], name: str) -> list[Observation]:
    """`params` of an Alink or OneJSON message."""
    message_id = document.identifier(fields.get("id"))
    found = []
    for key, body in document.mapping(fields.get("params"), "params").items():
        at: datetime | None = None
        value = body
        if isinstance(body, dict) and "value" in body:
            value = body["value"]
            if body.get("time") is not None:
                at = moment(body["time"], zone=UTC, where=f"params.{key[:40]}.time")
        found += [
            Observation(name, field, plain, at=at, message_id=message_id)
            for field, plain in document.leaves({key: value})
        ]
    return found
