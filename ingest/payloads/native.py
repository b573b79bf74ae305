"""native: the hub's own convention.

`hub/v1/<site>/<device>/telemetry`: a flat object `{"temperature": 4.2}`, or `{"ts": …, "values": {…}}`, or an
array of either (what was measured while the link was down). `ts` is ISO 8601 or Unix milliseconds.
`hub/v1/<site>/<device>/status`: `online` or `offline`, the latter as last will. Names are `<site>/<device>`.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from itertools import chain

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = ("hub/v1/+/+/telemetry", "hub/v1/+/+/status")
ONLINE = {b"online": True, b"offline": False}


@lru_cache(maxsize=4096)
def device_of(topic: str) -> str:
    """`<site>/<device>`."""
    return "/".join(topic.split("/")[2:4])


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings from telemetry, coming and going from status."""
    name = document.name(device_of(message.topic), "topic")
    if message.topic.endswith("/status"):
        online = ONLINE.get(message.payload.strip().lower())
        if online is None:
            raise MalformedPayload("a status is online or offline", reason="wrong-status")
        return Decoded(statuses=(Status(name, online),))
    if not message.topic.endswith("/telemetry"):
        return NOTHING
    body = document.parse(message.payload)
    entries = body if isinstance(body, list) else [body]
    return Decoded(tuple(chain.from_iterable(_entry(entry, name, zone) for entry in entries)))


def _entry(entry: object, name: str, zone: tzinfo) -> list[Observation]:
    fields = document.mapping(entry, "payload")
    at = moment(fields["ts"], zone=zone, where="ts") if fields.get("ts") is not None else None
    message_id = document.identifier(fields.get("id"))
    if "values" in fields:
        values = document.mapping(fields["values"], "values")
    else:
        values = {key: value for key, value in fields.items() if key not in {"ts", "id"}}
    return [
        # half of what Observation(…) takes
        tuple.__new__(Observation, (name, field, value, None, at, message_id))
        for field, value in document.leaves(values)
    ]
