"""Bindings: which registry device a message speaks of. Pure; made anew whenever the registry changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingest.decode import conventions
from ingest.mapped import Mapped, MappedDevices
from ingest.mqtt.topics import matches

REMEMBERED = 10_000
"""Topics of which is remembered who speaks on them."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How one registry device is found.

    Attributes:
        device: Registry id.
        site: Registry id of its site.
        convention: The registry's `payload` word.
        topic: The registry's `topic`: any topic of the device, or a filter; native devices need none.
        external_id: The device's own name in the convention, where many share a topic (devEui, `Device A`).
        mapping: How its messages are read, where they follow no convention.
    """

    device: str
    site: str
    convention: str
    topic: str | None = None
    external_id: str | None = None
    mapping: Mapped | None = None


class Bindings:
    """All bindings; resolve() is two look-ups."""

    def __init__(self, entries: Iterable[Binding]) -> None:
        self._entries = tuple(entries)
        shelf = conventions()
        self._by_topic: dict[tuple[str, str], str] = {}
        self._by_name: dict[tuple[str, str], list[Binding]] = {}
        self._wild: list[Binding] = []
        self._shared: set[tuple[str, str]] = set()  # topics of devices that are told apart by their names
        self._shared_wild: list[Binding] = []
        self._used: dict[str, None] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        mapped = [entry.mapping for entry in self._entries if entry.mapping is not None]
        self.mapped = MappedDevices(mapped) if mapped else None
        for entry in self._entries:
            kind = shelf[entry.convention]
            self._used.setdefault(entry.convention)
            if entry.mapping is not None:  # named by its registry id, whoever shares its topic
                self._by_name.setdefault((entry.convention, entry.device), []).append(entry)
            if entry.external_id is not None:
                self._by_name.setdefault((entry.convention, entry.external_id), []).append(entry)
                if entry.topic is not None and ("+" in entry.topic or "#" in entry.topic):
                    self._shared_wild.append(entry)
                elif entry.topic is not None:
                    self._shared.add((entry.convention, kind.device_of(entry.topic)))
            elif entry.topic is None:
                self._by_name.setdefault((entry.convention, f"{entry.site}/{entry.device}"), []).append(entry)
            elif "+" in entry.topic or "#" in entry.topic:
                self._wild.append(entry)
            else:
                self._by_topic.setdefault((entry.convention, kind.device_of(entry.topic)), entry.device)

    def resolve(self, convention: str, topic: str, name: str) -> str | None:
        """The registry device that `name` means in a message on `topic`, or None for an unknown one."""
        for entry in self._by_name.get((convention, name), ()):
            if entry.topic is None or self._same(entry, topic):
                return entry.device
        kind = conventions()[convention]
        if kind.many:
            return None
        found = self._by_topic.get((convention, kind.device_of(topic)))
        if found is not None:
            return found
        return next(
            (
                entry.device
                for entry in self._wild
                if entry.convention == convention and matches(entry.topic or "", topic)
            ),
            None,
        )

    def conventions(self, topic: str) -> tuple[str, ...]:
        """The conventions that a registry device has bound to this topic."""
        found = self._kinds.get(topic)
        if found is None:
            if len(self._kinds) >= REMEMBERED:
                self._kinds.clear()
            found = self._kinds[topic] = self._bound(topic)
        return found

    def _bound(self, topic: str) -> tuple[str, ...]:
        return tuple(
            kind
            for kind in self._used
            if (of := (kind, conventions()[kind].device_of(topic))) in self._by_topic
            or of in self._shared
            or any(
                entry.convention == kind and matches(entry.topic or "", topic)
                for entry in (*self._wild, *self._shared_wild)
            )
        )

    def filters(self) -> tuple[str, ...]:
        """What to subscribe to beyond the conventions' own filters: the registry's topics."""
        wanted: dict[str, None] = {}
        for entry in self._entries:
            if entry.topic is not None:
                for each in conventions()[entry.convention].topics_of(entry.topic):
                    wanted.setdefault(each)
        return tuple(wanted)

    def filters_of(self, devices: Collection[str]) -> frozenset[str]:
        """What these devices speak on; where only their names tell them apart, all that their convention speaks on."""
        wanted: set[str] = set()
        for entry in self._entries:
            if entry.device not in devices:
                continue
            kind = conventions()[entry.convention]
            if entry.topic is not None:
                wanted.update(kind.topics_of(entry.topic))
            elif entry.external_id is not None:
                wanted.update(kind.filters)
            else:
                wanted.update(_named(each, (entry.site, entry.device)) for each in kind.filters)
        return frozenset(wanted)

    @staticmethod
    def _same(entry: Binding, topic: str) -> bool:
        device_of = conventions()[entry.convention].device_of
        return entry.topic is not None and (
            device_of(entry.topic) == device_of(topic) or matches(entry.topic, topic)
        )


def _named(topic_filter: str, names: Iterable[str]) -> str:
    """The filter with these names in place of its first wildcards."""
    left = iter(names)
    return "/".join(next(left, level) if level == "+" else level for level in topic_filter.split("/"))
