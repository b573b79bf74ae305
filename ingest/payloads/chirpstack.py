"""chirpstack: LoRaWAN devices behind ChirpStack v4.

`application/<id>/device/<devEui>/event/<up|status|join|…>`, JSON of the Protobuf messages. `object` is there only
if the device profile has a codec. Protobuf leaves zero and false out: a status without `batteryLevel` means 0 %,
unless it says that the level is unavailable or the device is on mains.
Source: chirpstack.io, "Event types"; integration.proto.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = ("application/+/device/+/event/+",)
LEVELS = 6


def device_of(topic: str) -> str:
    """The devEui, as ChirpStack writes it."""
    levels = topic.split("/")
    return levels[3].lower() if len(levels) > 3 else topic


def topics_of(topic: str) -> tuple[str, ...]:
    """All events of the device."""
    levels = topic.split("/")
    return ("/".join([*levels[:4], "event", "+"]),) if len(levels) >= 4 else (topic,)


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings from `up` and `status`; any event of the device shows that it is there."""
    levels = message.topic.split("/")
    if len(levels) != LEVELS:
        return NOTHING
    event = levels[-1]
    fields = document.mapping(document.parse(message.payload), "payload")
    name = _dev_eui(fields, levels[3])
    at = moment(fields["time"], zone=zone, where="time") if fields.get("time") is not None else None
    message_id = document.identifier(fields.get("deduplicationId"))
    here = (Status(name, online=True, at=at),)
    if event == "up":
        body = fields.get("object")
        if body is None:
            return Decoded(statuses=here, hint="no-codec")
        return Decoded(
            tuple(
                Observation(name, field, value, at=at, message_id=message_id)
                for field, value in document.leaves(document.mapping(body, "object"))
            ),
            statuses=here,
        )
    if event == "status":
        return Decoded(tuple(_supply(fields, name, at, message_id)), statuses=here)
    return Decoded(statuses=here if event == "join" else ())


def _supply(fields: dict[str, object], name: str, at: datetime | None, message_id: str) -> list[Observation]:
    if fields.get("externalPowerSource") is True:
        return [Observation(name, "mains", True, at=at, message_id=message_id)]
    if fields.get("batteryLevelUnavailable") is True:
        return []
    level = document.scalar(fields.get("batteryLevel", 0.0), "batteryLevel")
    return [] if level is None else [Observation(name, "battery", level, "%", at=at, message_id=message_id)]


def _dev_eui(fields: dict[str, object], in_topic: str) -> str:
    info = document.mapping(fields.get("deviceInfo"), "deviceInfo")
    name = document.name(info.get("devEui"), "deviceInfo.devEui").lower()
    if name != in_topic.lower():
        raise MalformedPayload(
            "devEui differs from the topic's", reason="wrong-shape", where="deviceInfo.devEui"
        )
    return name
