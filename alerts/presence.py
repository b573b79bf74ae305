"""Presence: whether somebody is in the room who would see an incident of a place; pure.

The room is every operator and dispatcher whose console listens to the event log. A place is covered while one of
them may see it. What nobody covers is empty since the last of them left, but not for longer than somebody has
been counting: a hub that has just started knows nothing of the time before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.escalation import MUTED_AGAIN, End, Standing, Tell, Wait
from alerts.sight import Sight, Visibility
from detectors.signal import Severity

STAFF = frozenset({"operator", "dispatcher"})
"""Roles that make up the room; the demo's guest is none of them."""

EMPTY_AFTER = timedelta(minutes=2)
"""So long nobody is there until the room counts as empty: somebody may be changing places, or browsers."""

AGAIN = timedelta(minutes=5)
"""Between two notices of an empty room that tell of what came meanwhile; life is told at once."""

LOST = timedelta(seconds=30)
"""A `serve` that did not say for so long who is there is gone, and with it those who were connected to it."""


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who listens now."""

    user: str
    role: str
    sight: Sight


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was or is in the room; `left_at` None: still there."""

    user: str
    role: str
    sight: Sight
    since: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Who was and is there; `watched_since` is when somebody began to count, None while nobody does."""

    people: tuple[Person, ...] = ()
    watched_since: datetime | None = None

    def cover(self, place: Visibility) -> Person | None:
        """Who is there and would see an incident of this place; None: nobody."""
        return next(
            (each for each in self.people if each.left_at is None and each.sight.sees("incident", place)),
            None,
        )

    def empty_since(self, place: Visibility) -> datetime | None:
        """Since when nobody covers it; None while somebody does, or nobody counts."""
        if self.watched_since is None or self.cover(place) is not None:
            return None
        left = (each.left_at for each in self.people if each.sight.sees("incident", place))
        return max([self.watched_since, *(at for at in left if at is not None)])

    def present(self) -> tuple[Person, ...]:
        """Who is there, by name."""
        return tuple(sorted((each for each in self.people if each.left_at is None), key=lambda one: one.user))


def decide(
    room: Room,
    place: Visibility,
    severity: Severity,
    standing: Standing,
    *,
    told_at: datetime | None,
    now: datetime,
) -> Tell | Wait | End:
    """Whether an incident is to be told of because nobody is there.

    `told_at`: when this emptiness was last told of. Life waits only until the room is known to be empty.
    """
    if not standing.open:
        return End("cleared")
    if standing.settled:
        return End("settled")
    if standing.acknowledged:
        return End("seen")
    since = room.empty_since(place)
    if since is None:
        return End("covered")
    if standing.muted:
        return Wait(now + MUTED_AGAIN)
    known = since + EMPTY_AFTER
    if now < known:
        return Wait(known)
    if severity != "life" and told_at is not None and now < told_at + AGAIN:
        return Wait(told_at + AGAIN)
    return Tell(0, None)


def said(people: Iterable[Here]) -> tuple[Here, ...]:
    """Each once, by name: two windows of one operator are one operator."""
    return tuple({each.user: each for each in sorted(people, key=lambda one: one.user)}.values())
