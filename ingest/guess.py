"""Guess: where the values would be in a message that no convention claims: a mapping to look at, never used unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.expression import path
from ingest.interpret import to_reading
from ingest.mqtt.message import Message
from ingest.payload import MAX_NAME, Observation, moment
from ingest.reading import Reading

TIMES = (
    "ts",
    "time",
    "timestamp",
    "datetime",
    "date_time",
    "updated_at",
    "collect_time",
    "collecttime",
    "时间",
)
"""Names of fields that may hold the time of all others."""
PLAUSIBLE = timedelta(days=1)
"""A field of that name that says another day is no time, or the clock is wrong: better to let a person look."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """A mapping as the registry writes it, what it would read now, and the fields that mean nothing to us."""

    mapping: dict[str, object]
    readings: tuple[Reading, ...]
    others: tuple[str, ...]


def guess_mapping(message: Message, zone: tzinfo) -> Guessed | None:
    """What a JSON object of named values seems to say; None where nothing in it looks like a quantity."""
    try:
        body = document.mapping(document.parse(message.payload), "payload")
        leaves = list(_leaves(body, ()))
    except MalformedPayload:
        return None
    values: dict[str, object] = {}
    readings: list[Reading] = []
    others: list[str] = []
    at = _time(leaves, message.received_at, zone)
    for keys, value in leaves:
        name = ".".join(keys)[:MAX_NAME]
        try:
            reading = to_reading(
                Observation("", name, value, at=None if at is None else at[1]),
                "",
                received_at=message.received_at,
            )
        except MalformedPayload:
            others.append(name)
            continue
        if reading.quantity in values:
            others.append(name)
            continue
        values[reading.quantity] = path(*keys)
        readings.append(reading)
    if not values:
        return None
    mapping: dict[str, object] = {} if at is None else {"time": path(*at[0])}
    return Guessed({**mapping, "values": values}, tuple(readings), tuple(others))


def _leaves(
    body: dict[str, object], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], float | bool | str]]:
    for key, value in body.items():
        keys = (*above, document.name(key, "field"))
        if isinstance(value, dict):
            if len(keys) < document.MAX_DEPTH:
                yield from _leaves(value, keys)
            continue
        plain = document.scalar(value, key[:MAX_NAME])
        if plain is not None:
            yield keys, plain


def _time(
    leaves: list[tuple[tuple[str, ...], float | bool | str]], now: datetime, zone: tzinfo
) -> tuple[tuple[str, ...], datetime] | None:
    for keys, value in leaves:
        if keys[-1].lower() not in TIMES:
            continue
        try:
            at = moment(value, zone=zone, where=keys[-1])
        except MalformedPayload:
            continue
        if abs(at - now) <= PLAUSIBLE:
            return keys, at
    return None
