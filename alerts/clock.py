"""Clock: the time a case has for one step, and its light: green, yellow before the limit, red after.

Plain for now: every clock runs around the clock; calendars of working hours come with the case issue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ingest.duration import format_duration
from ingest.instant import format_instant

Light = Literal["green", "yellow", "red"]

YELLOW_FROM = 0.75
"""Share of the limit after which the light turns yellow."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one step.

    Attributes:
        step: Word of the step.
        limit: Time for it.
        started_at: When the step became due (UTC).
        due_at: When it must be done (UTC); moves on while paused.
        paused_at: When it was stopped, None while it runs.
        done_at: When the step was done (or left), None while it is due.
    """

    step: str
    limit: timedelta
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None = None
    done_at: datetime | None = None

    @staticmethod
    def start(step: str, limit: timedelta, at: datetime) -> Clock:
        """A clock that begins to run."""
        return Clock(step, limit, at, at + limit)

    def pause(self, at: datetime) -> Clock:
        """Stopped; a stopped or finished clock stays as it is."""
        return self if self.paused_at or self.done_at else replace(self, paused_at=at)

    def resume(self, at: datetime) -> Clock:
        """Running again, later by as long as it stood still."""
        if self.paused_at is None:
            return self
        return replace(self, due_at=self.due_at + (at - self.paused_at), paused_at=None)

    def finish(self, at: datetime) -> Clock:
        """Done; the light stays as it was then."""
        return self if self.done_at else replace(self.resume(at), done_at=at)

    def light(self, now: datetime) -> Light:
        """Red after the limit, yellow in the last quarter of it."""
        at = self.done_at or self.paused_at or now
        if at > self.due_at:
            return "red"
        return "yellow" if at >= self.due_at - self.limit * (1 - YELLOW_FROM) else "green"

    def as_dict(self, now: datetime) -> dict[str, object]:
        """As a case shows it."""
        return {
            "step": self.step,
            "limit": format_duration(self.limit),
            "started_at": format_instant(self.started_at),
            "due_at": format_instant(self.due_at),
            "light": self.light(now),
            "paused": self.paused_at is not None,
            "done_at": None if self.done_at is None else format_instant(self.done_at),
        }
