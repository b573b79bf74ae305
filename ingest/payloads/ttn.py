"""ttn: LoRaWAN devices behind The Things Stack v3.

`v3/<application>@<tenant>/devices/<device>/up|join`, QoS 0 only: what is lost on the way is lost. Empty, 0 and false
are left out; `decoded_payload` is there only if a payload formatter is set.
Names are `<application>@<tenant>/<device>`.
A message marked `simulated` was made up at the console and says nothing about a place.
Source: thethingsindustries.com, "MQTT Server", "Data Formats".
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from ingest import document
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = ("v3/+/devices/+/up", "v3/+/devices/+/join")
LEVELS = 5


def device_of(topic: str) -> str:
    """`<application>@<tenant>/<device>`."""
    levels = topic.split("/")
    return f"{levels[1]}/{levels[3]}" if len(levels) >= LEVELS - 1 else topic


def topics_of(topic: str) -> tuple[str, ...]:
    """Uplinks and joins of the device."""
    levels = topic.split("/")
    return tuple("/".join([*levels[:4], last]) for last in ("up", "join")) if len(levels) >= 4 else (topic,)


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings from uplinks; any message of the device shows that it is there."""
    levels = message.topic.split("/")
    if len(levels) != LEVELS or levels[-1] not in {"up", "join"}:
        return NOTHING
    name = document.name(device_of(message.topic), "topic")
    fields = document.mapping(document.parse(message.payload), "payload")
    if fields.get("simulated") is True:
        return Decoded(hint="simulated")
    if levels[-1] == "join":
        return Decoded(statuses=(Status(name, online=True, at=_at(fields, zone)),))
    uplink = document.mapping(fields.get("uplink_message"), "uplink_message")
    at = _at(uplink, zone) or _at(fields, zone)
    here = (Status(name, online=True, at=at),)
    body = uplink.get("decoded_payload")
    if body is None:
        return Decoded(statuses=here, hint="no-codec")
    values = document.leaves(document.mapping(body, "decoded_payload"))
    message_id = _message_id(uplink)
    return Decoded(
        tuple(Observation(name, field, value, at=at, message_id=message_id) for field, value in values),
        statuses=here,
    )


def _at(fields: dict[str, object], zone: tzinfo) -> datetime | None:
    at = fields.get("received_at")
    return None if at is None else moment(at, zone=zone, where="received_at")


def _message_id(uplink: dict[str, object]) -> str:
    """Session and frame counter; a counter of 0 is left out."""
    session = document.identifier(uplink.get("session_key_id"))
    return f"{session}:{document.identifier(uplink.get('f_cnt', 0))}"[-100:] if session else ""
