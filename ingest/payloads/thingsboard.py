"""thingsboard: devices that speak ThingsBoard's MQTT device API.

`v1/devices/me/telemetry` (or with a level before it, where a bridge adds the device): a flat object,
`{"ts": <Unix milliseconds>, "values": {…}}`, or an array of either, which may fill hours back.
Source: thingsboard.io, "MQTT Device API: Telemetry".
"""

from __future__ import annotations

from datetime import tzinfo

from ingest import document
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described, Observation, moment

FILTERS = ("v1/devices/me/telemetry", "+/v1/devices/me/telemetry", "v2/t")


def device_of(topic: str) -> str:
    """What stands before the API's own levels, or the topic: on one broker `me` is one device."""
    return topic.removesuffix("/v1/devices/me/telemetry")


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings."""
    device = device_of(message.topic)
    name = "me" if device in FILTERS else document.name(device, "topic")
    body = document.parse(message.payload)
    entries = body if isinstance(body, list) else [body]
    return Decoded(tuple(found for entry in entries for found in telemetry(entry, name, zone)))


def telemetry(entry: object, name: str, zone: tzinfo) -> list[Observation]:
    """One entry of ThingsBoard's telemetry: flat, or with its time."""
    fields = document.mapping(entry, "payload")
    if "ts" in fields and "values" in fields:
        at = moment(fields["ts"], zone=zone, where="ts")
        values = document.mapping(fields["values"], "values")
    else:
        at, values = None, fields
    return [Observation(name, field, value, at=at) for field, value in document.leaves(values)]
