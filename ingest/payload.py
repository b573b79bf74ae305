"""Payload: what a decoder says about one message, in the convention's own words.

Nothing here knows the registry: names and fields are the device's own. `ingest.bindings` finds the registry's
device, `ingest.interpret` turns observations into readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from ingest.errors import InvalidInput, MalformedPayload
from ingest.instant import from_epoch_ms, parse_instant

if TYPE_CHECKING:
    from ingest.mapped import MappedDevices

Value = float | bool | str
"""A number, true/false, or a text that may turn out to be either (`"100.00"`, `ON`)."""

MAX_NAME = 200  # characters of a name, field or identifier
MAX_OBSERVATIONS = 5_000  # in one message
MAX_ANNOUNCEMENTS = 5_000
"""Kept of all devices: each is in memory, and names topics to listen to."""
MAX_ANNOUNCED = 32 * 1024 * 1024
"""Bytes of all of them."""
MILLISECONDS_FROM = 1e11  # a Unix time above this is in milliseconds (in seconds it would be the year 5138)


class Observation(NamedTuple):
    """One value that a device sent. A tuple for the same reason as ingest.reading.Reading.

    Attributes:
        name: The device's own name in the convention (`school-1/fridge`, devEui, `Device A`).
        field: The field's own name, with `.` between levels (`DS18B20.Temperature`).
        value: As sent; numbers are finite.
        unit: The unit the message gives, or None where the convention leaves it out.
        at: When it was true, as the device says (UTC), or None.
        message_id: The convention's identifier of the message (deduplication id), or empty.
    """

    name: str
    field: str
    value: Value
    unit: str | None = None
    at: datetime | None = None
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A device came or went; `online` is None where the message only says that it was heard."""

    name: str
    online: bool | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that lasts began, goes on or is over, as the device says; several at once make one true/false.

    Attributes:
        name: The device's own name in the convention; empty where a message only names the `id`.
        field: The true/false quantity that holds meanwhile (`motion`); empty where only the `id` is named.
        id: The convention's own identifier; ended by `*`: every one that begins so.
        over: It is over.
        at: When, as the device says (UTC), or None.
        lasts: Over by itself when it was not repeated for so long; None: until the device says so.
        once: The identifier is never used again, so a beginning that arrives after its end is late, not new.
    """

    name: str
    field: str
    id: str
    over: bool
    at: datetime | None = None
    lasts: timedelta | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What is published back, because the convention asks for it."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sender that numbers its messages, so that a lost one is noticed.

    Attributes:
        sender: Whose numbers these are.
        number: This message's; None: the sender is gone, and its numbers with it.
        modulo: The number after the highest is 0.
        first: It describes everything anew; nothing before it is needed.
        observations: What may be believed only when no message before it was lost.
        ask: What is published when one was.
    """

    sender: str
    number: int | None
    modulo: int
    first: bool
    observations: tuple[Observation, ...]
    ask: Reply


@dataclass(frozen=True, slots=True)
class Announcement:
    """A device described itself: kept by the caller under `topic`; an empty body takes the description back.

    `lasting`: it holds after a restart too; otherwise it is only remembered.
    """

    topic: str
    body: bytes
    lasting: bool = True


class Decoded(NamedTuple):
    """One message, understood.

    Attributes:
        observations: In the message's order.
        statuses: Devices that came or went.
        announcement: Self-description, for conventions that have it.
        episodes: What began, goes on or is over, for conventions that carry events.
        numbered: Place of the message among its sender's, for conventions that number them.
        hint: Why a recognised message carries no value, a short slug; or empty.
        refused: Parts that cannot be used, where the rest stands.
    """

    observations: tuple[Observation, ...] = ()
    statuses: tuple[Status, ...] = ()
    announcement: Announcement | None = None
    episodes: tuple[Episode, ...] = ()
    numbered: Numbered | None = None
    hint: str = ""
    refused: tuple[MalformedPayload, ...] = ()


NOTHING = Decoded()
"""A message that the convention allows and that says nothing about readings."""


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What is known of devices beyond their messages. Immutable; held by the caller.

    Attributes:
        bodies: What devices have announced about themselves: announcement topic → body.
        mapped: What the registry says of devices that follow no convention.
    """

    bodies: Mapping[str, bytes] = field(default_factory=dict)
    mapped: MappedDevices | None = None

    def room_for(self, announcement: Announcement) -> bool:
        """Whether one more may be kept: what was announced before may always change or go."""
        if not announcement.body:
            return True
        others = [len(body) for topic, body in self.bodies.items() if topic != announcement.topic]
        return len(others) < MAX_ANNOUNCEMENTS and sum(others) + len(announcement.body) <= MAX_ANNOUNCED

    def after(self, announcement: Announcement) -> Described:
        """With this announcement; an empty body removes it."""
        bodies = {**self.bodies, announcement.topic: announcement.body}
        if not announcement.body:
            del bodies[announcement.topic]
        return replace(self, bodies=bodies)


def as_number(value: Value) -> float:
    """A number, or the number that a text is; ValueError for a text that only Python reads as one (`1_000`)."""
    if isinstance(value, str) and "_" in value:
        raise ValueError(value)
    return float(value)


def moment(value: object, *, zone: tzinfo, where: str) -> datetime:
    """The moment that a device's time field names, in UTC.

    ISO 8601 text (without a zone: read in `zone`), Unix seconds or milliseconds, also as text. MalformedPayload
    (`bad-time`) for anything else; whether the moment makes sense is judged by `ingest.interpret`.
    """
    if isinstance(value, str):
        text = value.strip()
        number = _number(text)
        if number is None:
            try:
                return parse_instant(text, zone=zone)
            except (InvalidInput, OverflowError):
                raise _bad_time(value, where) from None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = _number(value)
        if number is None:
            raise _bad_time(value, where)
    else:
        raise _bad_time(value, where)
    try:
        return from_epoch_ms(number if abs(number) >= MILLISECONDS_FROM else number * 1000)
    except InvalidInput:
        raise _bad_time(value, where) from None


def _number(value: object) -> float | None:
    if isinstance(value, str) and not value.replace(".", "", 1).isascii():
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return None
    try:
        return float(value)  # type: ignore[arg-type] # text or number by the callers
    except (ValueError, OverflowError):
        return None


def _bad_time(value: object, where: str) -> MalformedPayload:
    return MalformedPayload(f"{str(value)[:40]!r} is not a time", reason="bad-time", where=where)
