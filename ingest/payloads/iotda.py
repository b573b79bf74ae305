"""iotda: devices that speak Huawei Cloud IoTDA.

`$oc/devices/<id>/sys/properties/report`: `{"services": [{"service_id", "properties", "event_time"}]}`; a gateway's
children on `…/sys/gateway/sub_devices/properties/report`, their coming and going on `…/sys/events/up`.
`event_time` is UTC, compact (`20151212T121212Z`) or extended; in another form it is the arrival that counts, as
the platform does. A subscription to `#` does not match these topics: they begin with `$`.
Source: support.huaweicloud.com, "Device Reporting Properties" (iot_06_v5_3010), iot_06_v5_3006, iot_06_v5_3022.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = (
    "$oc/devices/+/sys/properties/+",
    "$oc/devices/+/sys/gateway/sub_devices/properties/+",
    "$oc/devices/+/sys/events/up",
)
ONLINE = {"ONLINE": True, "OFFLINE": False}


def device_of(topic: str) -> str:
    """`$oc/devices/<id>`; what a gateway sends for its children is not the gateway's own."""
    levels = topic.split("/")
    return topic if levels[4:5] in (["gateway"], ["events"]) else "/".join(levels[:3])


def topics_of(topic: str) -> tuple[str, ...]:
    """The device's own reports."""
    return (f"{device_of(topic)}/sys/properties/+",)


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings of the device or of a gateway's children."""
    levels = message.topic.split("/")
    if levels[3:5] == ["sys", "events"]:
        return _events(document.mapping(document.parse(message.payload), "payload"))
    if levels[-1].partition("?")[0] != "report" or len(levels) < 4:
        return NOTHING
    fields = document.mapping(document.parse(message.payload), "payload")
    if "sub_devices" not in levels:
        return Decoded(tuple(_services(fields, document.name(levels[2], "topic"))))
    found = []
    for entry in document.items(fields.get("devices"), "devices"):
        child = document.mapping(entry, "devices")
        found.extend(_services(child, document.name(child.get("device_id"), "device_id")))
    return Decoded(tuple(found))


def _services(fields: dict[str, object], name: str) -> list[Observation]:
    found = []
    for entry in document.items(fields.get("services"), "services"):
        service = document.mapping(entry, "services")
        label = document.name(service.get("service_id"), "service_id")
        at = _event_time(service.get("event_time"))
        properties = document.mapping(service.get("properties"), "properties")
        found += [
            Observation(name, f"{label}.{field}", value, at=at)
            for field, value in document.leaves(properties)
        ]
    return found


def _event_time(value: object) -> datetime | None:
    try:
        return moment(value, zone=UTC, where="event_time") if isinstance(value, str) else None
    except MalformedPayload:
        return None


def _events(fields: dict[str, object]) -> Decoded:
    statuses = []
    for entry in document.items(fields.get("services"), "services"):
        service = document.mapping(entry, "services")
        if service.get("event_type") != "sub_device_update_status":
            continue
        paras = document.mapping(service.get("paras"), "paras")
        at = _event_time(service.get("event_time"))
        for each in document.items(paras.get("device_statuses"), "device_statuses"):
            status = document.mapping(each, "device_statuses")
            online = ONLINE.get(str(status.get("status")))
            statuses.append(Status(document.name(status.get("device_id"), "device_id"), online, at))
    return Decoded(statuses=tuple(statuses))
