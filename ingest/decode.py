"""Decode: the payload shelf as one function. Pure; a convention is a file in `ingest/payloads`.

A file on the shelf exports
    FILTERS     the topics it subscribes to
    MANY        whether one topic carries many devices, told apart by their names (default False)
    decode      (message, *, zone, described) -> Decoded; raises MalformedPayload and nothing else
    device_of   (topic) -> the part of a topic that stands for the device (default: the topic itself)
    topics_of   (registry topic) -> what to subscribe to for a device bound by it (default: that topic)
    listens     (described) -> the topics that announcements name (default: none)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache, lru_cache
from typing import Protocol, cast

from ingest import shelf
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.mqtt.topics import matches
from ingest.payload import Decoded, Described

log = logging.getLogger(__name__)

PACKAGE = "ingest.payloads"
NOTHING_DESCRIBED = Described()


class Decoder(Protocol):
    """decode() of a file on the shelf."""

    def __call__(self, message: Message, *, zone: tzinfo, described: Described) -> Decoded:
        """What the message says; `zone` is that of times without one."""


@dataclass(frozen=True, slots=True)
class Convention:
    """One file of the shelf."""

    kind: str
    filters: tuple[str, ...]
    many: bool
    decode: Decoder
    device_of: Callable[[str], str]
    topics_of: Callable[[str], tuple[str, ...]]
    listens: Callable[[Described], tuple[str, ...]]


@cache
def conventions() -> Mapping[str, Convention]:
    """Every convention on the shelf, by the registry's `payload` word."""
    return {
        kind: Convention(
            kind=kind,
            filters=cast("tuple[str, ...]", module.FILTERS),
            many=cast("bool", getattr(module, "MANY", False)),
            decode=cast("Decoder", module.decode),
            device_of=cast("Callable[[str], str]", getattr(module, "device_of", _itself)),
            topics_of=cast("Callable[[str], tuple[str, ...]]", getattr(module, "topics_of", _only)),
            listens=cast("Callable[[Described], tuple[str, ...]]", getattr(module, "listens", _none)),
        )
        for kind, module in shelf.modules(PACKAGE).items()
    }


def listens(described: Described) -> tuple[str, ...]:
    """What to subscribe to because devices announced it."""
    return tuple(topic for convention in conventions().values() for topic in convention.listens(described))


def announcement_filters() -> tuple[str, ...]:
    """Where devices describe themselves, retained: subscribe with `retained="always"`.

    Otherwise a session that lives on at the broker would not bring the descriptions again after a restart.
    """
    return tuple(
        each
        for convention in conventions().values()
        if convention.listens is not _none
        for each in convention.filters
    )


@lru_cache(maxsize=4096)
def match(topic: str) -> tuple[str, ...]:
    """The conventions whose own filters match this topic."""
    return tuple(
        kind
        for kind, convention in conventions().items()
        if any(matches(each, topic) for each in convention.filters)
    )


def decode(
    convention: str, message: Message, *, zone: tzinfo, described: Described = NOTHING_DESCRIBED
) -> Decoded:
    """What `message` says by the rules of `convention`.

    Raises MalformedPayload (its `reason` is the metric's label, its `where` names the topic) and nothing else.
    """
    kind = conventions().get(convention)
    if kind is None:
        raise MalformedPayload(f"no convention is called {convention!r}", reason="unknown-convention")
    try:
        return kind.decode(message, zone=zone, described=described)
    except MalformedPayload as wrong:
        wrong.where = f"{message.topic[:200]} ({wrong.where})" if wrong.where else message.topic[:200]
        raise
    except Exception as wrong:  # our own mistake: the message is kept and said, and blocks no other
        log.exception("%s cannot decode a message on %s", convention, message.topic[:200])
        what = f"{type(wrong).__name__}: {str(wrong)[:200]}"
        raise MalformedPayload(what, reason="internal-error", where=message.topic[:200]) from wrong


def _itself(topic: str) -> str:
    return topic


def _none(described: Described) -> tuple[str, ...]:  # noqa: ARG001 - the default of listens()
    return ()


def _only(topic: str) -> tuple[str, ...]:
    return (topic,)
