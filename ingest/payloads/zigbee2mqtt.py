"""zigbee2mqtt: Zigbee devices behind Zigbee2MQTT.

`zigbee2mqtt/<friendly name>` carries a JSON object, `…/availability` `online`/`offline` or `{"state": …}`. The
friendly name may contain `/`; the base topic may be renamed. Numbers may be texts (`"battery": "100.00"`).
`contact: true` means that the contact is closed: the door is shut.
Source: zigbee2mqtt.io, "MQTT Topics and Messages" and "Device-Availability".
"""

from __future__ import annotations

from datetime import tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = ("zigbee2mqtt/#",)
ONLINE = {"online": True, "offline": False}
COMMANDS = frozenset({"set", "get"})  # what others send to the device


def device_of(topic: str) -> str:
    """The topic without its last word where that is not part of the name."""
    return topic.removesuffix("/availability")


def topics_of(topic: str) -> tuple[str, ...]:
    """The device and whether it is there."""
    return (device_of(topic), f"{device_of(topic)}/availability")


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings and availability; the bridge's own topics and commands say nothing about a place."""
    device = device_of(message.topic)
    levels = device.split("/")[1:]
    if not levels or levels[0] == "bridge" or levels[-1] in COMMANDS or COMMANDS & set(levels[1:]):
        return NOTHING
    name = document.name("/".join(levels), "topic")
    if device != message.topic:
        return Decoded(statuses=(Status(name, _online(message.payload)),))
    if not message.payload:
        return NOTHING  # a retained value was taken back
    fields = document.mapping(document.parse(message.payload), "payload")
    seen = fields.get("last_seen")
    at = moment(seen, zone=zone, where="last_seen") if seen not in (None, "", "N/A") else None
    found = []
    for field, value in document.leaves(fields):
        if field == "contact" and isinstance(value, bool):
            found.append(Observation(name, "door", not value, at=at))
        elif field == "action":
            if value:
                found.append(Observation(name, "button", True, at=at))
        elif field != "last_seen":
            found.append(Observation(name, field, value, at=at))
    return Decoded(tuple(found))


def _online(payload: bytes) -> bool:
    text = payload.strip().decode("ascii", "replace").lower()
    if text not in ONLINE:
        state = document.mapping(document.parse(payload), "payload").get("state")
        text = state.lower() if isinstance(state, str) else ""
    if text not in ONLINE:
        raise MalformedPayload("availability is online or offline", reason="wrong-status")
    return ONLINE[text]
