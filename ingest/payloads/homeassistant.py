"""homeassistant: anything that announces itself by Home Assistant's MQTT discovery (ESPHome, OpenMQTTGateway, …).

`homeassistant/<component>/[<node>/]<object>/config` (retained) describes a sensor: where its state is published,
the template that finds the value, unit and device class; keys may be abbreviated, `~` stands for a base topic,
an empty body takes the sensor back. `homeassistant/device/<id>/config` describes several at once. The caller keeps
the announcements (`Described`) and subscribes to listens(); state messages are then understood by them.
Names are the device's first identifier, else the unique id, else the object id.
Source: home-assistant.io, "MQTT: discovery", "MQTT Sensor", "MQTT binary sensor".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

from ingest import document
from ingest.errors import InvalidInput, MalformedPayload
from ingest.mqtt.message import Message
from ingest.mqtt.topics import check_topic
from ingest.payload import Announcement, Decoded, Described, Observation, Status, Value
from ingest.payloads._template import UNDEFINED, compile_template

FILTERS = ("homeassistant/+/+/config", "homeassistant/+/+/+/config")

ABBREVIATIONS = {
    "avty": "availability", "avty_t": "availability_topic", "avty_tpl": "availability_template",
    "cmps": "components", "dev": "device", "dev_cla": "device_class", "ids": "identifiers", "obj_id": "object_id",
    "p": "platform", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off", "pl_on": "payload_on", "stat_t": "state_topic", "t": "topic",
    "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
"""Of Home Assistant's abbreviations those that matter to a sensor."""

SENSOR_FIELDS = {
    "carbon_monoxide": "co",
    "gas": "gas_volume",  # a gas meter's cubic metres, not a leak
    "moisture": "soil_moisture",
    "volume_flow_rate": "flow",
    "precipitation": "rain",
    "pm25": "pm2_5",
}
BINARY_FIELDS = {
    "opening": "door", "window": "door", "garage_door": "door",
    "moisture": "water_leak", "gas": "gas_alarm", "carbon_monoxide": "co_alarm",
    "power": "mains", "plug": "mains",
    "battery": "battery_low",
}  # fmt: skip
"""What a device class means where its word is not the quantity's; `door` on = open, `moisture` on = wet."""

NO_VALUE = frozenset({"", "none", "unknown", "unavailable", "null"})


@dataclass(frozen=True, slots=True)
class Availability:
    """Where a device says whether it is there."""

    topic: str
    template: str
    online: str
    offline: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One described sensor."""

    name: str
    field: str
    binary: bool
    state_topic: str
    template: str
    unit: str | None
    on: str
    off: str
    availability: tuple[Availability, ...]


def listens(described: Described) -> tuple[str, ...]:
    """The topics that the announcements name."""
    return tuple(_index(described))


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """An announcement from a config topic; readings and availability from the topics it named."""
    if message.topic.startswith("homeassistant/") and message.topic.endswith("/config"):
        if message.payload.strip() and not _entities(message.topic, message.payload):
            return Decoded(hint="no-sensor")
        return Decoded(announcement=Announcement(message.topic, message.payload.strip()))
    told = _index(described).get(message.topic)
    if told is None:
        return Decoded(hint="not-announced")
    states, availabilities = told
    observations = [found for entity in states if (found := _observe(entity, message.payload)) is not None]
    statuses = {
        name: online
        for name, each in availabilities
        if (online := _online(each, message.payload)) is not None
    }
    return Decoded(tuple(observations), tuple(Status(name, online) for name, online in statuses.items()))


def _observe(entity: Entity, payload: bytes) -> Observation | None:
    value = _value(entity.template, payload)
    if value is None or (isinstance(value, str) and value.strip().lower() in NO_VALUE):
        return None
    if not entity.binary:
        return Observation(entity.name, entity.field, value, entity.unit)
    text = _plain(value)
    if text == _plain(entity.on):
        return Observation(entity.name, entity.field, True)
    if text == _plain(entity.off):
        return Observation(entity.name, entity.field, False)
    raise MalformedPayload(
        f"{text[:40]!r} is neither {entity.on!r} nor {entity.off!r}",
        reason="wrong-status",
        where=entity.field,
    )


def _online(availability: Availability, payload: bytes) -> bool | None:
    value = _value(availability.template, payload)
    if value is None:
        return None
    return {_plain(availability.online): True, _plain(availability.offline): False}.get(_plain(value))


def _value(template: str, payload: bytes) -> Value | None:
    if len(payload) > document.MAX_BYTES:
        raise MalformedPayload(f"{len(payload)} bytes are no state", reason="too-large")
    try:
        text = payload.decode()
    except UnicodeDecodeError as wrong:
        raise MalformedPayload("the state is not UTF-8", reason="not-utf8") from wrong
    if not template:
        return document.scalar(text, "state")
    compiled = compile_template(template)
    found = compiled.evaluate(text, document.parse(payload) if compiled.needs_json else UNDEFINED)
    return None if found is UNDEFINED else document.scalar(found, "state")


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip().lower() if isinstance(value, str) else f"{value:g}"


@lru_cache(maxsize=4)
def _index(described: Described) -> Mapping[str, tuple[list[Entity], list[tuple[str, Availability]]]]:
    found: dict[str, tuple[list[Entity], list[tuple[str, Availability]]]] = {}
    for topic, body in described.bodies.items():
        try:
            entities = _entities(topic, body)
        except MalformedPayload:  # refused and counted when it came; kept by an older version
            continue
        for entity in entities:
            found.setdefault(entity.state_topic, ([], []))[0].append(entity)
            for each in entity.availability:
                found.setdefault(each.topic, ([], []))[1].append((entity.name, each))
    return found


@lru_cache(maxsize=20_000)
def _entities(topic: str, body: bytes) -> tuple[Entity, ...]:
    """The sensors in one announcement; MalformedPayload where it is none."""
    config = _full(document.mapping(document.parse(body), "config"))
    levels = topic.split("/")
    if levels[1] != "device":
        entity = _entity(levels[1], config, levels[-2])
        return () if entity is None else (entity,)
    shared = {key: value for key, value in config.items() if key != "components"}
    found = []
    for key, component in document.mapping(config.get("components"), "components").items():
        own = _full(document.mapping(component, "components"))
        entity = _entity(str(own.get("platform")), {**shared, **own}, key)
        if entity is not None:
            found.append(entity)
    return tuple(found)


def _entity(component: str, config: Mapping[str, object], object_id: str) -> Entity | None:
    if component not in {"sensor", "binary_sensor"} or "state_topic" not in config:
        return None
    binary = component == "binary_sensor"
    template = _text(config, "value_template")
    last_name = compile_template(template).last_name if template else ""
    device_class = _text(config, "device_class")
    meant = (BINARY_FIELDS if binary else SENSOR_FIELDS).get(device_class, device_class)
    unit = _text(config, "unit_of_measurement")
    return Entity(
        name=_name(config, object_id),
        field=document.name(meant or last_name or object_id, "device_class"),
        binary=binary,
        state_topic=_topic(config, "state_topic"),
        template=template,
        unit=unit or None,
        on=_text(config, "payload_on") or "ON",
        off=_text(config, "payload_off") or "OFF",
        availability=_availability(config),
    )


def _availability(config: Mapping[str, object]) -> tuple[Availability, ...]:
    entries: list[Mapping[str, object]] = []
    if "availability_topic" in config:
        entries.append(
            {
                **config,
                "topic": config["availability_topic"],
                "value_template": config.get("availability_template", ""),
            }
        )
    listed = config.get("availability", [])
    base = _text(config, "~")
    entries += [
        _full(document.mapping(entry, "availability"), base=base)
        for entry in (listed if isinstance(listed, list) else [listed])
    ]
    for entry in entries:
        if template := _text(entry, "value_template"):
            compile_template(template)
    return tuple(
        Availability(
            topic=_topic(entry, "topic"),
            template=_text(entry, "value_template"),
            online=_text(entry, "payload_available") or "online",
            offline=_text(entry, "payload_not_available") or "offline",
        )
        for entry in entries
    )


def _full(config: Mapping[str, object], *, base: str = "") -> dict[str, object]:
    """Keys in full, `~` replaced in topics."""
    full = {ABBREVIATIONS.get(key, key): value for key, value in config.items()}
    given = full.get("~", base)
    if isinstance(given, str) and given:
        for key, value in full.items():
            if key.endswith("topic") and isinstance(value, str):
                if value.startswith("~"):
                    full[key] = given + value[1:]
                elif value.endswith("~"):
                    full[key] = value[:-1] + given
    return full


def _name(config: Mapping[str, object], object_id: str) -> str:
    device = config.get("device")
    if isinstance(device, dict):
        identifiers = _full(device).get("identifiers")
        first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
        if first:
            return document.name(first, "device.identifiers")
    return document.name(config.get("unique_id") or object_id, "unique_id")


def _text(config: Mapping[str, object], key: str) -> str:
    value = config.get(key)
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return _plain(float(value) if not isinstance(value, bool) else value)
    if not isinstance(value, str) or len(value) > document.MAX_BYTES:
        raise MalformedPayload(f"{key} must be a text", reason="wrong-shape", where=key)
    return value


def _topic(config: Mapping[str, object], key: str) -> str:
    topic = _text(config, key)
    try:
        return check_topic(topic)
    except InvalidInput as wrong:
        raise MalformedPayload(wrong.message, reason="wrong-shape", where=key) from None
