"""Episodes: from what began, goes on and is over to one true/false per device and quantity. No clock, no I/O.

Devices that report events differ in what they leave out: one never says that it is over, another says so under an
identifier alone, and perhaps before it said that it began. Each open episode is kept by its identifier; the quantity
is true while any is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ingest.interpret import SKEW
from ingest.payload import Episode

REPEATED = timedelta(seconds=10)
"""While it goes on, its value is said again at most this often."""
REMEMBERED = timedelta(hours=1)
"""How long an identifier that is over is known, against a beginning that arrives late."""
MAX_KEPT = 20_000
"""Episodes kept in all, open and over; beyond that the oldest are forgotten, those that are over first."""

FOLLOWS = timedelta(milliseconds=1)
"""Readings are stored to the millisecond."""

Place = tuple[str, str]
"""Device and quantity."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One episode as it is remembered.

    Attributes:
        id: The convention's own identifier.
        device: Registry id; empty for one that was over before anybody knew where it began.
        quantity: Word of the quantities' table; empty likewise.
        open: It is not over.
        heard_at: When it was last heard of (UTC, ours).
        lasts: Over when it was not repeated for so long, or None.
    """

    id: str
    device: str
    quantity: str
    open: bool
    heard_at: datetime
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The value of a true/false quantity at a moment; `at` is None for the arrival."""

    device: str
    quantity: str
    value: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a message or a second changed: the values to be stored, and what is remembered with them from now on."""

    turns: tuple[Turn, ...] = ()
    kept: tuple[Kept, ...] = ()
    forgotten: tuple[str, ...] = ()


class Episodes:
    """All episodes; not thread-safe, the caller holds a lock."""

    def __init__(self, kept: Iterable[Kept], now: datetime) -> None:
        """`kept` from before a restart: what must be repeated gets its whole time again."""
        self._kept: dict[str, Kept] = {}
        self._open: dict[Place, set[str]] = {}
        self._ending: set[str] = set()
        self._said: dict[Place, tuple[bool, datetime, datetime]] = {}  # value, when by us, at
        for each in kept:
            self._keep(replace(each, heard_at=now) if each.open else each)

    def hear(self, said: Iterable[tuple[str, Episode]], now: datetime) -> Change:
        """A message's episodes with the registry's device of each (empty where the message names none)."""
        turns: dict[Place, Turn] = {}
        kept: dict[str, Kept | None] = {}
        for device, episode in said:
            for known in self._ids(episode.id):
                before = self._kept.get(known)
                if before is not None and not before.open and not episode.over:
                    continue  # its end came first
                where = (
                    (before.device, before.quantity) if before and before.device else (device, episode.field)
                )
                if episode.over and not episode.once and (before is None or before.device):
                    self._drop(known)
                    if before is not None:
                        kept[known] = None
                else:
                    after = Kept(known, *where, not episode.over, now, episode.lasts)
                    self._keep(after)
                    if before is None or before.open != after.open:
                        kept[known] = after  # a repetition need not be stored
                turn = self._turn(where, episode.at, now) if all(where) else None
                if turn is not None:
                    turns[where] = turn
        kept |= dict.fromkeys(self._too_many())
        return Change(
            tuple(turns.values()),
            tuple(each for each in kept.values() if each is not None),
            tuple(known for known, each in kept.items() if each is None),
        )

    def pass_time(self, now: datetime) -> Change:
        """What is over because nobody repeated it, and what need not be known any longer."""
        turns: list[Turn] = []
        forgotten: list[str] = []
        for known in tuple(self._ending):
            each = self._kept[known]
            if each.lasts is not None and each.open:
                if now - each.heard_at < each.lasts:
                    continue
                self._drop(known)
                turn = self._turn((each.device, each.quantity), None, now, ours=each.heard_at + each.lasts)
                turns += [] if turn is None else [turn]
            elif now - each.heard_at >= REMEMBERED:
                self._drop(known)
            else:
                continue
            forgotten.append(known)
        return Change(tuple(turns), (), tuple(forgotten))

    def _ids(self, said: str) -> tuple[str, ...]:
        if not said.endswith("*"):
            return (said,)
        return tuple(each.id for each in self._kept.values() if each.open and each.id.startswith(said[:-1]))

    def _turn(
        self, place: Place, at: datetime | None, now: datetime, *, ours: datetime | None = None
    ) -> Turn | None:
        """The value to be stored, or None where it was said a moment ago.

        An end that has no time of the device's own follows its beginning, also where the device's clock is ahead.
        """
        value = bool(self._open.get(place))
        said = self._said.get(place)
        if said is not None and said[0] == value and now - said[1] < REPEATED:
            return None
        if at is None:
            when = ours or now
            if said is not None and not value and when <= said[2]:
                at = when = said[2] + FOLLOWS
            else:
                at = ours
        else:
            when = at if at <= now + SKEW else now  # as it is stored
        self._said[place] = (value, now, when)
        return Turn(*place, value, at)

    def _keep(self, each: Kept) -> None:
        self._drop(each.id)
        self._kept[each.id] = each
        if each.open:
            self._open.setdefault((each.device, each.quantity), set()).add(each.id)
        if each.lasts is not None or not each.open:
            self._ending.add(each.id)

    def _drop(self, known: str) -> None:
        each = self._kept.pop(known, None)
        if each is not None:
            self._ending.discard(known)
            self._open.get((each.device, each.quantity), set()).discard(known)

    def _too_many(self) -> list[str]:
        if len(self._kept) <= MAX_KEPT:
            return []
        oldest = sorted(self._kept.values(), key=lambda each: (each.open, each.heard_at))
        gone = [each.id for each in oldest[: len(self._kept) - MAX_KEPT]]
        for each in gone:
            self._drop(each)
        return gone
