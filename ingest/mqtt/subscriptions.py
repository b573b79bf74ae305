"""Subscriptions: who wants which topics, and what to ask of the broker for it. No thread, no I/O.

Brokers may deliver a message once per subscription that matches it (mosquitto does): a filter that another one
covers is therefore not asked for, and every message goes to one handler: the first added whose filter matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.mqtt.message import Ack, Message
from ingest.mqtt.topics import check_filter, inner

Handler = Callable[[Message, Ack], None]
"""Called on the network thread: it must hand the message on and return; the broker holds the rest back once
`receive_maximum` messages are unacknowledged."""

Retained = Literal["new", "always"]
"""Whether the broker sends its kept messages only for a new subscription, or at every connection."""

REMEMBERED = 10_000  # topics whose handler is remembered
HASH, PLUS = "#", "+"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ask of the broker for one filter."""

    qos: int
    retained: Retained

    def serves(self, other: Wish) -> bool:
        """Whether who gets this misses nothing that `other` asks for."""
        return self.qos >= other.qos and (self.retained == "always" or other.retained == "new")


@dataclass(slots=True)
class _Node:
    """One level of the tree of filters; `order` is the place of the handler that ends here."""

    below: dict[str, _Node] = field(default_factory=dict)
    order: int | None = None
    wish: Wish | None = None


class Subscriptions:
    """All wishes of one client."""

    def __init__(self) -> None:
        self._entries: list[tuple[dict[str, Wish], Handler]] = []
        self._root = _Node()
        self._routes: dict[str, Handler | None] = {}

    def add(self, filters: Sequence[tuple[str, int]], handler: Handler, retained: Retained) -> None:
        """Deliver what matches `filters` to `handler`; InvalidInput for a filter that MQTT does not allow."""
        highest: dict[str, int] = {}
        for name, qos in filters:
            highest[check_filter(name)] = max(min(qos, 1), highest.get(name, 0))
        self._entries.append(({name: Wish(qos, retained) for name, qos in highest.items()}, handler))
        self._plant()

    def remove(self, filters: Sequence[str]) -> None:
        """Forget these filters, whoever wanted them."""
        gone = set(filters)
        kept = [
            ({name: wish for name, wish in wishes.items() if name not in gone}, handler)
            for wishes, handler in self._entries
        ]
        self._entries = [(wishes, handler) for wishes, handler in kept if wishes]
        self._plant()

    def handler(self, topic: str) -> Handler | None:
        """Who gets a message on `topic`, or None."""
        if topic in self._routes:
            return self._routes[topic]
        order = _first(self._root, topic.split("/"), 0, dollar=topic.startswith("$"))
        found = None if order is None else self._entries[order][1]
        if len(self._routes) >= REMEMBERED:
            self._routes.clear()
        self._routes[topic] = found
        return found

    def wanted(self) -> dict[str, Wish]:
        """What to ask of the broker, without what another filter covers."""
        return {name: wish for name, wish in self._all().items() if not self._covered(name, wish)}

    def covered(self) -> tuple[str, ...]:
        """What not to ask for: a session of an earlier run may still hold it."""
        return tuple(name for name, wish in self._all().items() if self._covered(name, wish))

    # -- inside -------------------------------------------------------------------------------------------

    def _all(self) -> dict[str, Wish]:
        found: dict[str, Wish] = {}
        for wishes, _ in self._entries:
            for name, wish in wishes.items():
                other = found.get(name, wish)
                always = "always" in {wish.retained, other.retained}
                found[name] = Wish(max(wish.qos, other.qos), "always" if always else "new")
        return found

    def _plant(self) -> None:
        self._routes.clear()
        self._root = _Node()
        wishes = self._all()
        for order, (names, _) in enumerate(self._entries):
            for name in names:
                node = self._root
                for level in inner(name).split("/"):
                    node = node.below.setdefault(level, _Node())
                node.order = order if node.order is None else node.order
                if (
                    inner(name) == name
                ):  # a shared subscription's messages go to others too: it covers nothing
                    node.wish = wishes[name]

    def _covered(self, name: str, wish: Wish) -> bool:
        if inner(name) != name:
            return False
        levels = name.split("/")
        return _serves(self._root, levels, 0, wish, same=True, dollar=name.startswith("$"))


def _first(node: _Node, levels: Sequence[str], at: int, *, dollar: bool) -> int | None:
    """The lowest order among the filters below `node` that match the topic's levels from `at` on."""
    wild = not (dollar and at == 0)
    found = [node.below[HASH].order] if wild and HASH in node.below else []
    if at == len(levels):
        found.append(node.order)
    else:
        names = (levels[at], PLUS) if wild else (levels[at],)
        found += [
            _first(node.below[name], levels, at + 1, dollar=dollar) for name in names if name in node.below
        ]
    return min((each for each in found if each is not None), default=None)


def _serves(node: _Node, levels: Sequence[str], at: int, wish: Wish, *, same: bool, dollar: bool) -> bool:
    """Whether another filter below `node` delivers all that the filter's levels from `at` on match.

    `same`: so far the path is the filter's own; at its end it is the filter itself, which covers nothing.
    """
    wild = not (dollar and at == 0)
    if wild and HASH in node.below and not (same and list(levels[at:]) == [HASH]):
        found = node.below[HASH].wish
        if found is not None and found.serves(wish):
            return True
    if at == len(levels):
        return not same and node.wish is not None and node.wish.serves(wish)
    level = levels[at]
    if level == HASH:
        return False
    names = {level, PLUS} if wild else {level}
    return any(
        _serves(node.below[name], levels, at + 1, wish, same=same and name == level, dollar=dollar)
        for name in names
        if name in node.below
    )
