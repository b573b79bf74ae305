"""Understand: from one MQTT message to what it says about devices of the registry. Pure but for what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.directory import Directory
from alerts.offer import Heard
from config.nouns.device import MAPPED
from ingest.bindings import Bindings
from ingest.decode import conventions, decode, match
from ingest.episodes import Change
from ingest.errors import MalformedPayload
from ingest.guess import guess_mapping
from ingest.instant import format_instant
from ingest.interpret import interpret
from ingest.mqtt.message import Message
from ingest.payload import Announcement, Decoded, Described, Episode, Numbered, Observation, Reply
from ingest.reading import Reading
from ingest.sequences import Verdict

UNKNOWN = "unknown"
"""The convention of a message that no convention claims, in metrics and in what is kept."""

NOBODY: Mapping[str, bool] = MappingProxyType({})
NEVER: Mapping[str, datetime] = MappingProxyType({})
NewestOf = Callable[[str], Mapping[str, datetime]]
"""Of a device: when the newest value of each of its quantities was true, as far as there is one."""
InOrder = Callable[[Numbered, datetime], Verdict]


def nothing_newer(device: str) -> Mapping[str, datetime]:  # noqa: ARG001 - one signature of NewestOf
    """NewestOf, where no value is known yet."""
    return NEVER


def _unnumbered(numbered: Numbered, at: datetime) -> Verdict:  # noqa: ARG001 - where nobody counts
    return Verdict(in_order=True)


NO_CHANGE = Change()
NAME = attrgetter("name")


@dataclass(frozen=True, slots=True)
class Refused:
    """One part of a message that could not be used.

    Attributes:
        reason: Short slug, the metric's label.
        message: One sentence, with where.
        guess: For a recognised payload of an unknown device: what it could be bound to.
        heard: The same for the offer of that device.
    """

    reason: str
    message: str
    guess: Mapping[str, object] | None = None
    heard: Heard | None = None


class Understood(NamedTuple):
    """What one message says.

    Attributes:
        convention: Word of the payload shelf, or `unknown`.
        readings: Of known devices.
        online: Known devices that said whether they are there.
        heard: Known devices that the message is a sign of life of.
        told: What known devices say the time of their newest value is, absurd or not; never of a retained message.
        refused: What could not be used; the rest stands.
        announcement: A device's description of itself, to be kept.
        episodes: What began, goes on or is over, with the known device (empty where the message names none).
        replies: What is published back.
        remember: What is to be remembered of episodes, with the readings they became.
    """

    convention: str
    readings: tuple[Reading, ...] = ()
    online: Mapping[str, bool] = NOBODY
    heard: tuple[str, ...] = ()
    told: Mapping[str, datetime] = NEVER
    refused: tuple[Refused, ...] = ()
    announcement: Announcement | None = None
    episodes: tuple[tuple[str, Episode], ...] = ()
    replies: tuple[Reply, ...] = ()
    remember: Change = NO_CHANGE


def understand(
    message: Message,
    *,
    bindings: Bindings,
    directory: Directory,
    described: Described,
    newest: NewestOf,
    in_order: InOrder = _unnumbered,
) -> Understood:
    """What `message` says; never raises for what anybody sent.

    `in_order` is asked, once, about a message whose sender numbers them.
    """
    kinds = bindings.conventions(message.topic) or match(message.topic) or listening(described, message.topic)
    if not kinds:
        return Understood(UNKNOWN, refused=(_unclaimed(message, directory),))
    first: tuple[str, MalformedPayload] | None = None
    for kind in kinds:
        try:
            bound = bindings.resolve(kind, message.topic, conventions()[kind].device_of(message.topic))
            zone = directory.zone_of(bound)
            said = decode(kind, message, zone=zone, described=described)
            others = (
                {}
                if directory.one_zone
                else _other_zones(said, message, bound, zone, kind, bindings, directory)
            )
            for other, names in others.items():
                said = _taken(said, decode(kind, message, zone=other, described=described), names)
        except MalformedPayload as wrong:
            first = first or (kind, wrong)
            continue
        if said.announcement is not None and not described.room_for(said.announcement):
            full = Refused(
                "too-many-announcements", f"{message.topic[:200]}: there is no room for its description"
            )
            return Understood(kind, refused=(full,))
        found = _counted(said, message, kind=kind, bindings=bindings, newest=newest, in_order=in_order)
        return _corrected(found, directory)
    if first is None:  # kinds is not empty, so one of them was tried
        return Understood(UNKNOWN)
    return Understood(first[0], refused=(Refused(first[1].reason, str(first[1])),))


def _corrected(said: Understood, directory: Directory) -> Understood:
    """Each value with the offset that its device has for the quantity: what is stored, shown and judged."""
    corrected = directory.offset_devices
    if not corrected or not any(each.device in corrected for each in said.readings):
        return said
    readings = tuple(
        each._replace(value=round(each.value + offset, 6))
        if each.device in corrected and (offset := directory.devices[each.device].offsets.get(each.quantity))
        else each
        for each in said.readings
    )
    return said._replace(readings=readings)


def listening(described: Described, topic: str) -> tuple[str, ...]:
    """The conventions whose devices announced that they speak on this topic."""
    return tuple(kind for kind, convention in conventions().items() if topic in convention.listens(described))


def _other_zones(  # noqa: PLR0917 - called once, just above
    said: Decoded,
    message: Message,
    bound: str | None,
    zone: ZoneInfo,
    kind: str,
    bindings: Bindings,
    directory: Directory,
) -> dict[ZoneInfo, set[str]]:
    """The devices, by name, whose own area has another zone, where only the payload names the device."""
    found: dict[ZoneInfo, set[str]] = {}
    for name in {each.name for each in said.observations} | {each.name for each in said.episodes}:
        device = bindings.resolve(kind, message.topic, name)
        if device is not None and device != bound and (own := directory.zone_of(device)) != zone:
            found.setdefault(own, set()).add(name)
    return found


def _taken(said: Decoded, again: Decoded, names: set[str]) -> Decoded:
    """What was said, of these devices as it is in `again`, which differs in its times only."""
    return said._replace(
        observations=tuple(
            new if new.name in names else old
            for new, old in zip(again.observations, said.observations, strict=True)
        ),
        episodes=tuple(
            new if new.name in names else old for new, old in zip(again.episodes, said.episodes, strict=True)
        ),
    )


def _counted(
    said: Decoded, message: Message, *, kind: str, bindings: Bindings, newest: NewestOf, in_order: InOrder
) -> Understood:
    """With what may only be believed when no message of the sender was lost."""
    if said.numbered is None:
        return _of(kind, said, message, bindings, newest)
    verdict = in_order(said.numbered, message.received_at)
    if verdict.in_order:
        whole = said._replace(observations=said.observations + said.numbered.observations)
        return _of(kind, whole, message, bindings, newest)
    found = _of(kind, said, message, bindings, newest)
    if not verdict.ask:
        return found
    lost = Refused(
        "sequence-gap",
        f"a message of {said.numbered.sender} was lost, or its birth was not heard: it was asked to be born again",
    )
    return found._replace(refused=(*found.refused, lost), replies=(said.numbered.ask,))


def _of(kind: str, said: Decoded, message: Message, bindings: Bindings, newest: NewestOf) -> Understood:
    by_name: dict[str, list[Observation]] = {}
    for name, run in groupby(said.observations, NAME):  # nearly always one
        by_name.setdefault(name, []).extend(run)
    readings: list[Reading] = []
    refused = [Refused(each.reason, str(each)) for each in said.refused]
    heard: list[str] = []
    told: dict[str, datetime] = {}
    for name, observations in by_name.items():
        device = bindings.resolve(kind, message.topic, name)
        if device is None:
            refused.append(_offer(kind, name, observations, message))
            continue
        found = interpret(
            observations,
            device,
            received_at=message.received_at,
            retained=message.retain,
            message_id=message.key,
        )
        known = newest(device) if found.readings else NEVER
        readings += [
            each if (before := known.get(each.quantity)) is None or each.at >= before else each.as_history()
            for each in found.readings
        ]
        refused.extend(Refused(each.reason, f"{device}: {each}") for each in found.refused)
        if not message.retain:
            heard.append(device)
            times_told = {each.at for each in observations}
            if newest_told := max((at for at in times_told if at is not None), default=None):
                told[device] = newest_told
    episodes: list[tuple[str, Episode]] = []
    for episode in said.episodes:
        device = bindings.resolve(kind, message.topic, episode.name)
        if device is None and episode.name:
            if not episode.over:
                holds = Observation(episode.name, episode.field, True, at=episode.at)
                refused.append(_offer(kind, episode.name, [holds], message))
            continue
        episodes.append((device or "", episode))
        if device is not None and not message.retain:
            heard.append(device)
    online: dict[str, bool] = {}
    for status in said.statuses:
        device = bindings.resolve(kind, message.topic, status.name)
        if device is None:
            continue
        if status.online is not None:
            online[device] = status.online
        if not message.retain and status.online is not False:
            heard.append(device)
    return Understood(
        kind,
        readings=tuple(readings),
        online=online,
        heard=tuple(dict.fromkeys(heard)),
        told=told,
        refused=tuple(refused),
        announcement=said.announcement,
        episodes=tuple(episodes),
    )


def _offer(kind: str, name: str, observations: list[Observation], message: Message) -> Refused:
    """An unknown device whose payload is recognised: offered for adoption with its guessed mapping."""
    found = interpret(observations, name, received_at=message.received_at, retained=message.retain)
    convention = conventions()[kind]
    guess: dict[str, object] = {
        "kind": "sensor",
        "payload": kind,
        "values": {each.quantity: each.value for each in found.readings},
    }
    if convention.many:
        guess["external_id"] = name
    else:
        guess["topic"] = message.topic
    heard = Heard(
        convention=kind,
        topic=message.topic,
        name=name,
        key=name if convention.many else convention.device_of(message.topic),
        many=convention.many,
        found=_found(found.readings),
        others=tuple(dict.fromkeys(found.extras)),
    )
    return Refused("unknown-device", f"no device is bound to {name[:100]!r} of {kind}", guess, heard)


def _unclaimed(message: Message, directory: Directory) -> Refused:
    """A message that no convention claims: offered with a mapping, where it looks as if it held quantities."""
    said = "no convention has this topic"
    found = guess_mapping(message, directory.zone(None))
    if found is None:
        return Refused("unknown-topic", said)
    heard = Heard(
        convention=MAPPED,
        topic=message.topic,
        name=message.topic,
        key=message.topic,
        many=True,
        found=_found(found.readings),
        others=found.others,
        mapping=found.mapping,
    )
    guess = {"kind": "sensor", "payload": MAPPED, "topic": message.topic, "mapping": found.mapping}
    return Refused("unknown-topic", said, guess, heard)


def _found(readings: Iterable[Reading]) -> dict[str, dict[str, object]]:
    return {
        each.quantity: {"value": each.value, "unit": each.unit, "at": format_instant(each.at)}
        for each in readings
    }
