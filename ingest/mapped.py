"""Mapped: how a device of the registry is read without a convention: an expression for each quantity. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from ingest import document
from ingest.errors import MalformedPayload
from ingest.expression import Expression, Reader
from ingest.interpret import truth
from ingest.mqtt.topics import matches
from ingest.payload import MAX_OBSERVATIONS, Observation, as_number, moment
from ingest.quantity import QUANTITIES

Format = Literal["json", "text"]


@dataclass(frozen=True, slots=True)
class MappedValue:
    """Where one quantity is found.

    Attributes:
        quantity: Word of the quantities' table.
        value: Finds the value.
        unit: What it is in, or None: the quantity's stored unit.
        unit_from: Finds the unit in the message instead.
        scale: The number found is multiplied by this,
        offset: and this is added, in `unit`.
    """

    quantity: str
    value: Expression
    unit: str | None = None
    unit_from: Expression | None = None
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Mapped:
    """How the messages of one device are read.

    Attributes:
        device: Registry id.
        topic: The topic or filter that it speaks on.
        values: What is read of each entry.
        format: `json`, or `text`: the payload is one text, whatever it says.
        each: Finds the list of entries; None: the whole message is one entry.
        when: Only entries for which this is true are this device's.
        time: Finds when an entry was true; None: at its arrival.
        time_format: As strptime has it, for times that are neither ISO 8601 nor a Unix time.
        id: Finds the message's identifier.
    """

    device: str
    topic: str
    values: tuple[MappedValue, ...]
    format: Format = "json"
    each: Expression | None = None
    when: Expression | None = None
    time: Expression | None = None
    time_format: str | None = None
    id: Expression | None = None

    def read(self, payload: bytes, zone: tzinfo) -> tuple[list[Observation], list[MalformedPayload]]:
        """What the message says of this device, and what of it cannot be used.

        MalformedPayload for a message that cannot be read at all, or in which no expression finds anything
        (`nothing-found`): then the mapping is another device's, or wrong.
        """
        reader = Reader()
        found: list[Observation] = []
        refused: list[MalformedPayload] = []
        entries = self._entries(self._body(payload), reader)
        for entry in entries:
            self._entry(entry, reader, zone, found, refused)
            if len(found) + len(refused) > MAX_OBSERVATIONS:
                raise MalformedPayload(f"more than {MAX_OBSERVATIONS} values", reason="too-many-values")
        if entries and not found and not refused:
            raise MalformedPayload(
                f"no expression of {self.device} finds a value",
                reason="nothing-found",
                mend="try the mapping on this payload",
            )
        return found, refused

    def _body(self, payload: bytes) -> object:
        if self.format == "json":
            return document.parse(payload)
        if len(payload) > document.MAX_BYTES:
            raise MalformedPayload(f"{len(payload)} bytes", reason="too-large")
        try:
            return payload.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            raise MalformedPayload("the payload is not UTF-8", reason="not-utf8") from None

    def _entries(self, body: object, reader: Reader) -> list[object]:
        """The entries that are this device's."""
        found = body if self.each is None else self.each.find(body, reader)
        if self.each is not None and found is None:
            raise MalformedPayload("no entries are found", reason="nothing-found", where=self.each.text[:60])
        entries = found if self.each is not None and isinstance(found, list) else [found]
        if self.when is None:
            return entries
        return [each for each in entries if self.when.find(each, reader) is True]

    def _entry(
        self,
        entry: object,
        reader: Reader,
        zone: tzinfo,
        found: list[Observation],
        refused: list[MalformedPayload],
    ) -> None:
        try:
            at = self._time(entry, reader, zone)
        except MalformedPayload as wrong:
            refused.append(wrong)  # a value whose time cannot be read has no known time: it is not stored
            return
        message_id = "" if self.id is None else document.identifier(self.id.find(entry, reader))
        for each in self.values:
            try:
                one = self._value(each, entry, reader, at, message_id)
            except MalformedPayload as wrong:
                if wrong.reason == "too-many-steps":
                    raise
                refused.append(wrong)
                continue
            if one is not None:
                found.append(one)

    def _time(self, entry: object, reader: Reader, zone: tzinfo) -> datetime | None:
        if self.time is None:
            return None
        value = self.time.find(entry, reader)
        if value is None:
            raise MalformedPayload("no time is found", reason="bad-time", where=self.time.text[:60])
        if self.time_format is None:
            return moment(value, zone=zone, where=self.time.text[:60])
        try:
            at = datetime.strptime(str(value)[:100], self.time_format)  # noqa: DTZ007 - the zone is set below
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            what = f"{str(value)[:40]!r} is not as {self.time_format}"
            raise MalformedPayload(what, reason="bad-time", where=self.time.text[:60]) from None

    def _value(
        self, each: MappedValue, entry: object, reader: Reader, at: datetime | None, message_id: str
    ) -> Observation | None:
        found = each.value.find(entry, reader)
        if found is None:
            return None
        where = f"{each.quantity} ({each.value.text[:60]})"
        value = document.scalar(found, where)
        quantity = QUANTITIES[each.quantity]
        if value is None or (not quantity.boolean and truth(value, digits=False) is not None):
            raise MalformedPayload(
                f"{str(found)[:40]!r} is no {quantity.word}", reason="wrong-type", where=where
            )
        unit = each.unit
        if each.unit_from is not None:
            unit = document.name(each.unit_from.find(entry, reader), each.unit_from.text[:60])
        if (each.scale, each.offset) != (1.0, 0.0):
            try:
                value = document.scalar(as_number(value) * each.scale + each.offset, where)
            except ValueError:
                raise MalformedPayload(
                    f"{str(found)[:40]!r} is not a number", reason="wrong-type", where=where
                ) from None
        if value is None:  # a number stays one
            return None
        return Observation(self.device, quantity.word, value, unit=unit, at=at, message_id=message_id)


class MappedDevices:
    """All devices with a mapping, found by topic."""

    def __init__(self, devices: Iterable[Mapped] = ()) -> None:
        self._exact: dict[str, tuple[Mapped, ...]] = {}
        self._wild: tuple[Mapped, ...] = ()
        for each in devices:
            if "+" in each.topic or "#" in each.topic:
                self._wild += (each,)
            else:
                self._exact[each.topic] = (*self._exact.get(each.topic, ()), each)

    def on(self, topic: str) -> tuple[Mapped, ...]:
        """Those that speak on this topic."""
        wild = tuple(each for each in self._wild if matches(each.topic, topic))
        return self._exact.get(topic, ()) + wild
