"""sparkplug: edge nodes and their devices that speak Sparkplug B.

`spBv1.0/<group>/<NBIRTH|DBIRTH|NDATA|DDATA|NDEATH|DDEATH>/<node>[/<device>]`, protobuf. A birth names every metric with
its alias, type and present value; what follows may carry the alias alone, and only what changed. All messages of a node
share one number, 0 to 255 and round: after a gap, or from a node that was never heard before, an alias is not believed
and the node is asked to be born again (NCMD `Node Control/Rebirth`). A death takes the node and all its devices
offline, unless it is the will of an earlier session (`bdSeq`). `<group>/<node>[/<device>]` is the name (`external_id`).
Source: Eclipse Sparkplug 3.0, 4 (topics), 5 (flow), 6.4 (payload).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import cast

from google.protobuf.message import DecodeError

from ingest import document
from ingest.errors import InvalidInput, MalformedPayload
from ingest.instant import from_epoch_ms
from ingest.mqtt.message import Message
from ingest.payload import (
    MAX_OBSERVATIONS,
    NOTHING,
    Announcement,
    Decoded,
    Described,
    Numbered,
    Observation,
    Reply,
    Status,
    Value,
)
from ingest.payloads._sparkplug_b_pb2 import Payload

NAMESPACE = "spBv1.0"
FILTERS = (f"{NAMESPACE}/+/+/+", f"{NAMESPACE}/+/+/+/+")
MANY = True
"""A device is known by its node, and a node's death is its devices' too."""

REBIRTH = "Node Control/Rebirth"
BOOLEAN = 11
SIGNED = {1: "<b", 2: "<h", 3: "<i", 4: "<q"}
"""Signed integers travel as two's complement in unsigned fields."""
WIDTH = {1: 0xFF, 2: 0xFFFF, 3: 0xFFFFFFFF, 4: 0xFFFFFFFFFFFFFFFF}
NUMBERS = 256
UNIT = "engUnit"
"""The property that names a metric's unit, as Ignition and others write it."""


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    datatype: int
    unit: str | None


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings, births and deaths of a node or a device."""
    levels = message.topic.split("/")
    if len(levels) not in {4, 5} or levels[0] != NAMESPACE:
        return NOTHING
    _, group, sort, node, *device = levels
    if sort not in {"NBIRTH", "NDATA", "NDEATH"} and (
        sort not in {"DBIRTH", "DDATA", "DDEATH"} or not device
    ):
        return NOTHING  # commands, the state of hosts
    if message.retain:
        return NOTHING  # births and data are never retained
    name = document.name("/".join([group, node, *device]), "topic")
    sender = f"{NAMESPACE}/{group}/{node}"
    ask = Reply(f"{NAMESPACE}/{group}/NCMD/{node}", _rebirth(message.received_at))
    if sort == "NDEATH":
        return _death(message, ask, described)
    payload = _parse(message.payload)
    if not payload.HasField("seq") or payload.seq >= NUMBERS:
        raise MalformedPayload("a number from 0 to 255 is missing", reason="wrong-shape", where="seq")
    at = _at(payload.timestamp) if payload.HasField("timestamp") else None
    if sort in {"NBIRTH", "DBIRTH"}:
        found = _observations(payload, name, at, _metrics(message.payload), by_alias=False)
        return Decoded(
            tuple(found),
            statuses=(Status(name, online=True, at=at),),
            announcement=Announcement(message.topic, message.payload, lasting=False),
            numbered=Numbered(sender, payload.seq, NUMBERS, sort == "NBIRTH", (), ask),
        )
    if sort == "DDEATH":
        return Decoded(
            statuses=(Status(name, online=False, at=at),),
            numbered=Numbered(sender, payload.seq, NUMBERS, False, (), ask),
        )
    birth = described.bodies.get("/".join([NAMESPACE, group, sort[0] + "BIRTH", node, *device]))
    known = _metrics(birth) if birth is not None else {}
    aliased = tuple(_observations(payload, name, at, known, by_alias=True))
    return Decoded(
        tuple(_observations(payload, name, at, known, by_alias=False)),
        statuses=(Status(name, online=True, at=at),),
        numbered=Numbered(sender, payload.seq, NUMBERS, False, aliased, ask),
        hint="" if birth is not None else "no-birth",
    )


def _death(message: Message, ask: Reply, described: Described) -> Decoded:
    _, group, _, node = message.topic.split("/")[:4]
    name, sender = f"{group}/{node}", f"{NAMESPACE}/{group}/{node}"
    born = described.bodies.get(f"{NAMESPACE}/{group}/NBIRTH/{node}")
    death, birth = _session(message.payload), _session(born) if born is not None else None
    if death is not None and birth is not None and death != birth:
        return Decoded(hint="old-session")
    begins = f"{NAMESPACE}/{group}/DBIRTH/{node}/"
    devices = [f"{name}/{topic[len(begins) :]}" for topic in described.bodies if topic.startswith(begins)]
    return Decoded(
        statuses=tuple(Status(each, online=False) for each in [name, *devices]),
        numbered=Numbered(sender, None, NUMBERS, False, (), ask),
    )


def _observations(
    payload: Payload, name: str, at: datetime | None, known: Mapping[int | str, _Metric], *, by_alias: bool
) -> list[Observation]:
    """The metrics that carry their name, or those that carry an alias alone."""
    found = []
    if len(payload.metrics) > MAX_OBSERVATIONS:
        raise MalformedPayload(f"more than {MAX_OBSERVATIONS} values", reason="too-many-values")
    for metric in payload.metrics:
        own = _text(metric, "name")
        if bool(own) == by_alias or metric.is_null:
            continue
        described = known.get(own) if own else known.get(metric.alias)
        if not own and described is None:
            continue
        field = own or (described.name if described else "")
        if field == "bdSeq" or field.startswith("Node Control/"):
            continue
        datatype = metric.datatype or (described.datatype if described else 0)
        value = _value(metric, datatype, field)
        if value is None:
            continue
        when = _at(metric.timestamp) if metric.HasField("timestamp") else at
        unit = _unit(metric) or (described.unit if described else None)
        found.append(Observation(name, document.name(field, "metric"), value, unit, when))
    return found


def _value(metric: Payload.Metric, datatype: int, field: str) -> Value | None:
    which = metric.WhichOneof("value")
    if which in {"int_value", "long_value"}:
        number = metric.int_value if which == "int_value" else metric.long_value
        if datatype == BOOLEAN:
            return bool(number)
        if datatype in SIGNED:
            size = struct.calcsize(SIGNED[datatype])
            number = struct.unpack(SIGNED[datatype], (number & WIDTH[datatype]).to_bytes(size, "little"))[0]
        return document.scalar(number, field[:100])
    if which == "boolean_value":
        return bool(metric.boolean_value)
    if which in {"float_value", "double_value"}:
        exact = metric.float_value if which == "float_value" else metric.double_value
        # a float of 32 bits is written with the digits it has: 4.2, not 4.199999809265137
        return document.scalar(float(f"{exact:.7g}") if which == "float_value" else exact, field[:100])
    return document.scalar(_text(metric, "string_value"), field[:100]) if which == "string_value" else None


@lru_cache(maxsize=512)
def _metrics(birth: bytes) -> Mapping[int | str, _Metric]:
    """What a birth says of its metrics, by alias and by name."""
    found: dict[int | str, _Metric] = {}
    for metric in _parse(birth).metrics:
        name = _text(metric, "name")
        if name:
            each = _Metric(name, metric.datatype, _unit(metric))
            found[name] = each
            if metric.HasField("alias"):
                found[metric.alias] = each
    return found


def _session(payload: bytes) -> int | None:
    """The number of the session (`bdSeq`) that a birth or a death carries."""
    for metric in _parse(payload).metrics:
        if _text(metric, "name") == "bdSeq":
            return int(metric.long_value if metric.WhichOneof("value") == "long_value" else metric.int_value)
    return None


def _unit(metric: Payload.Metric) -> str | None:
    for place, key in enumerate(_texts(metric.properties.keys)):
        if key == UNIT and place < len(metric.properties.values):
            return _text(metric.properties.values[place], "string_value") or None
    return None


def _parse(payload: bytes) -> Payload:
    if len(payload) > document.MAX_BYTES:
        raise MalformedPayload(
            f"{len(payload)} bytes, at most {document.MAX_BYTES} are read", reason="too-large"
        )
    try:
        return cast("Payload", Payload.FromString(payload))
    except (DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload("the payload is no Sparkplug B", reason="not-protobuf") from wrong


def _text(message: Payload.Metric | Payload.PropertyValue, field: str) -> str:
    """A text field; proto2 checks UTF-8 only when it is looked at."""
    try:
        return str(getattr(message, field))
    except UnicodeDecodeError:
        raise MalformedPayload("a text is not UTF-8", reason="not-utf8", where=field) from None


def _texts(values: object) -> list[str]:
    try:
        return [str(each) for each in values]  # type: ignore[attr-defined] # a repeated field of protobuf
    except UnicodeDecodeError:
        raise MalformedPayload("a text is not UTF-8", reason="not-utf8", where="keys") from None


def _at(milliseconds: int) -> datetime:
    try:
        return from_epoch_ms(milliseconds)
    except InvalidInput:
        raise MalformedPayload(
            f"{milliseconds} is not a time", reason="bad-time", where="timestamp"
        ) from None


def _rebirth(now: datetime) -> bytes:
    """The command that asks a node to be born again."""
    stamp = int(now.timestamp() * 1000)
    metric = Payload.Metric(name=REBIRTH, timestamp=stamp, datatype=BOOLEAN, boolean_value=True)
    return bytes(Payload(timestamp=stamp, metrics=[metric]).SerializeToString())
