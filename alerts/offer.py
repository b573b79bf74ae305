"""Offer: an unknown device that was heard and understood, and what the hub guesses of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.directory import Directory

ID_LENGTH = 63
"""Of a registry id."""
SPEAKER = frozenset({"mains", "button"})
"""What a loudspeaker node says of itself on the native convention."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message says of a device that the registry does not know.

    Attributes:
        convention: Word of the payload shelf; `mapped` where no convention has the topic.
        topic: Where it was said.
        name: The device's own name in the convention.
        key: What stands for the device: its name where many share a topic, else its part of the topic.
        many: Whether devices of the convention share topics, and are bound by their name.
        found: Quantity to `{value, unit, at}`, in stored units.
        others: Fields without a quantity.
        mapping: Where the values would be found, for devices that follow no convention.
    """

    convention: str
    topic: str
    name: str
    key: str
    many: bool
    found: Mapping[str, Mapping[str, object]]
    others: tuple[str, ...] = ()
    mapping: Mapping[str, object] | None = None

    @property
    def id(self) -> str:
        """The same for every message of the device."""
        return hashlib.sha256(f"{self.convention}\n{self.key}".encode(errors="replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Offer:
    """A device that may be adopted.

    Attributes:
        id: See Heard.
        convention: See Heard.
        topic: See Heard.
        name: See Heard.
        many: See Heard.
        found: The latest of each quantity.
        others: See Heard.
        mapping: See Heard.
        state: `open`, or `dismissed`: not to be shown, nothing of it is kept.
        heard: Messages so far.
        first_at: UTC.
        last_at: UTC.
        dismissed_by: User.
    """

    id: str
    convention: str
    topic: str
    name: str
    many: bool
    found: Mapping[str, Mapping[str, object]]
    others: tuple[str, ...]
    mapping: Mapping[str, object] | None
    state: str
    heard: int
    first_at: datetime
    last_at: datetime
    dismissed_by: str | None = None


def guess(offer: Offer, directory: Directory) -> dict[str, object]:
    """The entry of the registry that would bind it: `site` is left out where no place is likely."""
    site = place_of(offer, directory)
    found: dict[str, object] = {"id": id_of(offer, site, directory)}
    if site is not None:
        found["site"] = site
    quantities = frozenset(offer.found)
    native_node = offer.convention == "native" and quantities >= SPEAKER
    found["kind"] = "speaker" if native_node else "sensor"
    found["name"] = offer.name.rpartition("/")[2][:200] or offer.name[:200]
    if native_node:  # a node is bound by its id and site, which its topic names
        return found
    found["payload"] = offer.convention
    if offer.many and offer.mapping is None:
        found["external_id"] = offer.name
    else:
        found["topic"] = offer.topic
    if offer.mapping is not None:
        found["mapping"] = offer.mapping
    return found


def place_of(offer: Offer, directory: Directory) -> str | None:
    """The site that the device's name or topic speaks of; else that of its siblings, if they stand at one."""
    words = [*offer.name.split("/"), *offer.topic.split("/")]
    exact = [word for word in words if word in directory.sites]
    if exact:
        return exact[0]
    slugs = [_slug(word) for word in words]
    begun = [
        site for site in directory.sites if any(slug == site or slug.startswith(f"{site}-") for slug in slugs)
    ]
    return max(begun, key=len, default=None)


def id_of(offer: Offer, site: str | None, directory: Directory) -> str:
    """A free id: the device's own name, after its site's."""
    last = _slug(offer.name.rpartition("/")[2]) or _slug(offer.name) or f"{offer.convention}-{offer.id[:6]}"
    base = last if site is None or last == site or last.startswith(f"{site}-") else f"{site}-{last}"
    base = base[: ID_LENGTH - 4].strip("-")
    return next(each for each in _numbered(base) if each not in directory.devices and each != site)


def _numbered(base: str) -> Iterable[str]:
    yield base
    n = 1
    while True:
        n += 1
        yield f"{base}-{n}"


def _slug(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:ID_LENGTH]
