"""senml: RFC 8428 packs in JSON, on any topic that a registry device names.

Base fields (`bn`, `bt`, `bu`, `bv`) hold from their record on; `n`, `t`, `v` are added to them. A time below 2^28 is
relative to the arrival. A record's name is base name + name; where only one of the two is there, the unit says what is
measured. `v` is a number, `vb` true/false, `vs` a text. A label that ends in `_` must be understood: it is refused.
Source: RFC 8428, sections 4 and 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import MAX_OBSERVATIONS, Decoded, Described, Observation, Value, moment

FILTERS: tuple[str, ...] = ()
ABSOLUTE_FROM = 2.0**28  # seconds: RFC 8428 §4.5.3
VERSION = 10  # RFC 8428 §4.4

BY_UNIT = {
    "Cel": "temperature",
    "K": "temperature",
    "%RH": "humidity",
    "%EL": "battery",
    "dB": "noise",
    "W": "power",
    "m3/s": "flow",
    "m/s": "wind",
}
"""What a unit measures, where a record has no name of its own."""

SENML_UNITS = {"%EL": "%"}


@dataclass
class _Base:
    name: str = ""
    time: float = 0.0
    unit: str | None = None
    value: float = 0.0


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings."""
    base = _Base()
    found: list[Observation] = []
    for entry in document.items(document.parse(message.payload), "pack"):
        record = document.mapping(entry, "record")
        _update(base, record)
        value = _value(base, record)
        if value is not None:
            found.append(_observation(base, record, value, message.received_at))
        if len(found) > MAX_OBSERVATIONS:
            raise MalformedPayload(f"more than {MAX_OBSERVATIONS} values", reason="too-many-values")
    return Decoded(tuple(found))


def _update(base: _Base, record: dict[str, object]) -> None:
    unknown = next((key for key in record if key.endswith("_")), None)
    if unknown is not None:
        raise MalformedPayload(f"{unknown[:20]!r} must be understood, and is not", reason="unsupported")
    if _number(record, "bver", VERSION) > VERSION:
        raise MalformedPayload("a newer SenML than RFC 8428", reason="unsupported", where="bver")
    if "bn" in record:
        base.name = document.name(record["bn"], "bn")
    if "bu" in record:
        base.unit = document.name(record["bu"], "bu")
    base.time = _number(record, "bt", base.time)
    base.value = _number(record, "bv", base.value)


def _value(base: _Base, record: dict[str, object]) -> Value | None:
    if "v" in record:
        return base.value + _number(record, "v", 0.0)
    if isinstance(record.get("vb"), bool):
        return record["vb"] is True
    return document.scalar(record.get("vs"), "vs")


def _observation(base: _Base, record: dict[str, object], value: Value, received_at: datetime) -> Observation:
    own = document.name(record["n"], "n") if "n" in record else ""
    unit = document.name(record["u"], "u") if "u" in record else base.unit
    whole = document.name(base.name + own, "n")
    if base.name and own:
        name, field = base.name.rstrip(":/-_.") or whole, own
    else:
        name, field = whole, BY_UNIT.get(unit or "", unit or "value")
    time = base.time + _number(record, "t", 0.0)
    at = _absolute(time, received_at)
    return Observation(name, field, value, SENML_UNITS.get(unit or "", unit), at)


def _absolute(time: float, received_at: datetime) -> datetime | None:
    if time == 0:
        return None
    if time >= ABSOLUTE_FROM:
        return moment(time * 1000, zone=UTC, where="t")
    try:
        return received_at + timedelta(seconds=time)
    except OverflowError:
        raise MalformedPayload(f"{time:g} s is no time", reason="bad-time", where="t") from None


def _number(record: dict[str, object], key: str, otherwise: float) -> float:
    if key not in record:
        return otherwise
    number = document.scalar(record[key], key)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise MalformedPayload(f"{key} is a number", reason="wrong-shape", where=key)
    return number
