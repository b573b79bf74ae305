"""Duty of `serve`: says who is in the room, and has told what is due; part of the tick, no thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from alerts import duty
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import presence
from alerts.ledger.engine import Connection
from alerts.presence import EMPTY_AFTER, Here, Room, said
from alerts.roster import on_duty
from api.hub import ComponentState

BEAT = timedelta(seconds=10)
"""Between two heartbeats while nobody comes or goes."""


class Duty:
    """One per `serve`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._started_at = clock()
        self._serve = new_id(self._started_at)
        self._present: Callable[[], Sequence[Here]] = tuple
        self._said: tuple[Here, ...] | None = None
        self._said_at: datetime | None = None
        self._room = Room()

    def watch(self, present: Callable[[], Sequence[Here]]) -> None:
        """Ask this who is connected."""
        self._present = present

    def tick(self, conn: Connection, directory: Directory, now: datetime) -> None:
        """In the caller's transaction: who is there, then what is due."""
        here = said(self._present())
        if here != self._said or self._said_at is None or now - self._said_at >= BEAT:
            presence.beat(conn, self._serve, here, started_at=self._started_at, now=now)
            self._room = presence.room(conn, now)
            presence.came_back(conn, self._room, now)
            self._said, self._said_at = here, now
        duty.tick(conn, directory, now)

    def lost(self) -> None:
        """The transaction was undone: say it anew."""
        self._said = None

    def state(self, directory: Directory, now: datetime) -> tuple[ComponentState, str]:
        """The component `room`: degraded when it is empty and somebody is on duty."""
        present = self._room.present()
        if present:
            return "ok", ""
        left = max((each.left_at for each in self._room.people if each.left_at), default=self._started_at)
        if now - max(left, self._started_at) < EMPTY_AFTER:
            return "ok", ""
        rosters = [each.id for each in directory.rosters.values() if on_duty(each, now)]
        if not rosters:
            return "ok", "nobody is connected, and nobody is on duty"
        return "degraded", f"nobody is connected; on duty: {', '.join(sorted(rosters))}"
