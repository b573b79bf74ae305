"""thingsboard-gateway: many devices behind one ThingsBoard gateway.

`v1/gateway/telemetry`: `{"Device A": [{"ts": …, "values": {…}}], "Device B": …}`; `v1/gateway/connect` and
`/disconnect`: `{"device": "Device A"}`.
Source: thingsboard.io, "MQTT Gateway API".
"""

from __future__ import annotations

from datetime import tzinfo

from ingest import document
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Status
from ingest.payloads.thingsboard import telemetry

FILTERS = ("v1/gateway/telemetry", "v1/gateway/connect", "v1/gateway/disconnect")
MANY = True
COMING = {"connect": True, "disconnect": False}


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings of every device in the message, or one device's coming and going."""
    last = message.topic.rpartition("/")[2]
    if last not in {"telemetry", *COMING}:
        return NOTHING
    fields = document.mapping(document.parse(message.payload), "payload")
    if last in COMING:
        return Decoded(statuses=(Status(document.name(fields.get("device"), "device"), COMING[last]),))
    found = []
    for device, body in fields.items():
        name = document.name(device, "device")
        entries = body if isinstance(body, list) else [body]
        for entry in entries:
            found.extend(telemetry(entry, name, zone))
    return Decoded(tuple(found))
