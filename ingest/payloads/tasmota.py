"""tasmota: switches and sensors with Tasmota firmware.

Default `tele/<topic>/SENSOR|STATE|LWT` and `stat/<topic>/POWER`; FullTopic may put the prefix elsewhere
(`<topic>/tele/SENSOR`). `Time` is local time without a zone. POWER is plain text (`ON`): a switch, not watts.
Source: Tasmota documentation, "MQTT" and "DS18x20".
"""

from __future__ import annotations

import re
from datetime import tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Observation, Status, moment

FILTERS = ("tele/#", "stat/#", "+/tele/+", "+/stat/+")
PREFIXES = frozenset({"tele", "stat", "cmnd"})
SUFFIX = re.compile(r"SENSOR|STATE|LWT|RESULT|UPTIME|EVENT|MARGINS|POWER\d*|STATUS\d*|INFO\d*|\w+_(LOW|HIGH)")
ONLINE = {b"online": True, b"offline": False}
SWITCH = {b"ON": True, b"OFF": False}
UNITS = {"Temperature": "TempUnit", "DewPoint": "TempUnit"}
NO_VALUES = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit"})


def device_of(topic: str) -> str:
    """The device's %topic%, wherever FullTopic puts the prefix."""
    levels = [level for level in topic.split("/") if level not in PREFIXES]
    if len(levels) > 1 and SUFFIX.fullmatch(levels[-1]):
        levels.pop()
    return "/".join(levels)


def topics_of(topic: str) -> tuple[str, ...]:
    """What the device sends, where the prefix can be seen in the registry's topic; else that topic only."""
    levels = topic.split("/")
    if not PREFIXES & set(levels):
        return (topic,)
    if SUFFIX.fullmatch(levels[-1]):
        levels.pop()
    return tuple("/".join("tele" if level in PREFIXES else level for level in levels) + f"/{last}"
                 for last in ("SENSOR", "STATE", "LWT"))  # fmt: skip


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings from SENSOR, switches from STATE and POWER, coming and going from LWT."""
    levels = message.topic.split("/")
    last = levels[-1]
    if "cmnd" in levels or not SUFFIX.fullmatch(last):
        return NOTHING
    name = document.name(device_of(message.topic), "topic")
    if last == "LWT":
        online = ONLINE.get(message.payload.strip().lower())
        if online is None:
            raise MalformedPayload("LWT is Online or Offline", reason="wrong-status")
        return Decoded(statuses=(Status(name, online),))
    if last.startswith("POWER") and not last.endswith(("_LOW", "_HIGH")):
        on = SWITCH.get(message.payload.strip().upper())
        if on is None:
            raise MalformedPayload("POWER is ON or OFF", reason="wrong-status")
        return Decoded((Observation(name, f"relay{last.removeprefix('POWER')}", on),))
    if last not in {"SENSOR", "STATE"}:
        return NOTHING
    fields = document.mapping(document.parse(message.payload), "payload")
    at = moment(fields["Time"], zone=zone, where="Time") if "Time" in fields else None
    if last == "STATE":
        return Decoded(
            tuple(
                Observation(name, f"relay{field.removeprefix('POWER')}", value == "ON", at=at)
                for field, value in document.leaves(
                    {k: v for k, v in fields.items() if k.startswith("POWER")}
                )
            ),
            statuses=(Status(name, online=True, at=at),),
        )
    return Decoded(
        tuple(
            Observation(name, field, value, unit=_unit(field, fields), at=at)
            for field, value in document.leaves(fields)
            if field not in NO_VALUES
        )
    )


def _unit(field: str, fields: dict[str, object]) -> str | None:
    """The unit that the message names beside its sensors, for fields that have one."""
    key = UNITS.get(field.rpartition(".")[2])
    unit = fields.get(key) if key is not None else None
    return unit if isinstance(unit, str) else None
