"""Clock: the time a case has for one step, and its light: green, yellow before the limit, red after; pure.

A clock counts what its limit says, in the calendar it is started by: around the clock, working hours or working
days. What concerns life always runs around the clock: a limit of four working hours is four hours, of two working
days two days, and no holiday stops it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from alerts.limit import Limit
from alerts.working_time import Calendar, amount, due, elapsed, later
from ingest.instant import format_instant

Light = Literal["green", "yellow", "red"]

YELLOW_FROM = 0.75
"""Share of the limit, counted in the calendar's time, after which the light turns yellow."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one step.

    Attributes:
        step: Word of the step.
        limit: Time for it.
        started_at: When the step became due (UTC).
        yellow_at: When the light turns yellow (UTC); moves on while paused.
        due_at: When it must be done (UTC); moves on while paused.
        paused_at: When it was stopped, None while it runs.
        done_at: When the step was done (or left), None while it is due.
        supervised_at: When it was found red and told to the supervisor (督办), None before.
    """

    step: str
    limit: Limit
    started_at: datetime
    yellow_at: datetime
    due_at: datetime
    paused_at: datetime | None = None
    done_at: datetime | None = None
    supervised_at: datetime | None = None

    @staticmethod
    def start(step: str, limit: Limit, at: datetime, calendar: Calendar, *, life: bool = False) -> Clock:
        """A clock that begins to run."""
        life = life or calendar.always
        if life or calendar.share != 1.0:
            limit = Limit(limit.length * calendar.share, "clock" if life else limit.counted)
        if life:
            return Clock(step, limit, at, at + limit.length * YELLOW_FROM, at + limit.length)
        working = limit.counted != "clock"
        yellow = later(at, amount(limit, calendar) * YELLOW_FROM, calendar, working=working)
        return Clock(step, limit, at, yellow, due(at, limit, calendar))

    def pause(self, at: datetime) -> Clock:
        """Stopped; a stopped or finished clock stays as it is."""
        return self if self.paused_at or self.done_at else replace(self, paused_at=at)

    def resume(self, at: datetime, calendar: Calendar, *, life: bool = False) -> Clock:
        """Running again, with as much of its limit left as when it was stopped; what was over stays over."""
        if self.paused_at is None or self.done_at:
            return self
        stopped, life = self.paused_at, life or calendar.always

        def moved(edge: datetime) -> datetime:
            if edge <= stopped:
                return edge
            if life:
                return edge + (at - stopped)
            working = self.limit.counted != "clock"
            return later(at, elapsed(stopped, edge, calendar, working=working), calendar, working=working)

        return replace(self, yellow_at=moved(self.yellow_at), due_at=moved(self.due_at), paused_at=None)

    def hurry(self, at: datetime) -> Clock:
        """What the case is about has become a matter of life: from now on the limit runs around the clock.

        It is never later than it was. A clock that stands or is done stays as it is.
        """
        if self.paused_at or self.done_at:
            return self
        limit = self.limit.length
        return replace(
            self,
            yellow_at=min(self.yellow_at, at + limit * YELLOW_FROM),
            due_at=min(self.due_at, at + limit),
        )

    def finish(self, at: datetime) -> Clock:
        """Done; the light stays as it was then, or as it was when the clock was stopped."""
        return self if self.done_at else replace(self, done_at=at)

    def supervise(self, at: datetime) -> Clock:
        """Found red."""
        return replace(self, supervised_at=at)

    def light(self, now: datetime) -> Light:
        """Red after the limit, yellow from YELLOW_FROM of it on; exactly at the limit it is still yellow."""
        at = self.paused_at or self.done_at or now
        if at > self.due_at:
            return "red"
        return "yellow" if at >= self.yellow_at else "green"

    def red_from(self) -> datetime | None:
        """After which instant somebody is to be told, None when nobody is (any more)."""
        return None if self.paused_at or self.done_at or self.supervised_at else self.due_at

    def as_dict(self, now: datetime) -> dict[str, object]:
        """As a case shows it."""
        return {
            "step": self.step,
            "limit": str(self.limit),
            "started_at": format_instant(self.started_at),
            "yellow_at": format_instant(self.yellow_at),
            "due_at": format_instant(self.due_at),
            "light": self.light(now),
            "paused": self.paused_at is not None and self.done_at is None,
            "done_at": format_instant(self.done_at),
            "supervised_at": format_instant(self.supervised_at),
        }
