"""Test alarm: whether a rehearsal of the whole chain came through; pure.

It goes the way of a real message: to the broker, to the intake, into the ledger, to those on duty by their
channels. Nothing happened, so it is no incident and no case, and says so wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["running", "passed", "failed"]

WITHIN = timedelta(seconds=60)
"""What takes longer has not come through."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one channel took it: pending, sent or dead."""

    channel: str
    state: str
    done_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How far it came; None: not yet.

    Attributes:
        at: When it was asked for (UTC).
        published_at: When the broker took it.
        received_at: When the intake had it.
        committed_at: When the notices were committed.
        told: How many were told.
        deliveries: By each channel of theirs.
    """

    at: datetime
    published_at: datetime | None = None
    received_at: datetime | None = None
    committed_at: datetime | None = None
    told: int = 0
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of it; `leg` is where it ended: broker, intake, ledger, duty, or `channel <id>`."""

    state: State
    leg: str | None = None
    reason: str = ""


def judge(way: Way, now: datetime) -> Verdict:
    """Passed when every channel took it within the time; failed as soon as one cannot any more."""
    if way.committed_at is not None:
        if not way.told:
            return Verdict("failed", "duty", "nobody is on duty")
        if not way.deliveries:
            return Verdict("failed", "duty", "no channel reaches who is on duty")
        dead = next((each for each in way.deliveries if each.state == "dead"), None)
        if dead is not None:
            return Verdict("failed", f"channel {dead.channel}", dead.reason or "given up")
        late = next(
            (each for each in way.deliveries if each.done_at is not None and each.done_at - way.at > WITHIN),
            None,
        )
        if late is not None:
            return Verdict("failed", f"channel {late.channel}", _slow())
        if all(each.state == "sent" for each in way.deliveries):
            return Verdict("passed")
    if now - way.at <= WITHIN:
        return Verdict("running")
    if way.committed_at is not None:
        waiting = next(each for each in way.deliveries if each.state != "sent")
        return Verdict("failed", f"channel {waiting.channel}", waiting.reason or _slow())
    if way.received_at is not None:
        return Verdict("failed", "ledger", _slow())
    return Verdict("failed", "intake" if way.published_at is not None else "broker", _slow())


def _slow() -> str:
    return f"not within {WITHIN.seconds} s"


def slot_of(at: str, now: datetime) -> str | None:
    """The rehearsal that is due at the local time `now`, by `at` (`09:00`, empty: never); None: none.

    It is due for ten minutes, so that a hub that is just being started catches up, and one that was away for hours
    does not rehearse in the middle of the night.
    """
    if not at:
        return None
    hour, minute = (int(part) for part in at.split(":"))
    begins = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return f"{begins:%Y-%m-%dT%H:%M}" if begins <= now < begins + timedelta(minutes=10) else None
