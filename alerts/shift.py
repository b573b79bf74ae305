"""Shift: who keeps a monitoring room, and how it is handed over (交接班): two people, two signatures, one record; pure.

The one who goes signs what is open at that moment: an *offer*, frozen, with a digest. The one who comes signs that
digest: somebody else, by an own session or an own password, and what he signs is what he was shown. Both signatures
stand in the record, which is sealed onto the record before it and never changed. A note that comes after the offer
takes the offer back: it would not be in it. Who leaves without handing over is shown as having left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from alerts.chain import START, seal
from ingest.errors import Conflict, InvalidInput, NotPermitted, VersionStale
from ingest.instant import format_instant

State = Literal["open", "offered", "handed-over", "left"]

Json = Mapping[str, object]

NOTE_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of one room.

    Attributes:
        id: ULID.
        area: The room's area; what lies below it is watched, too.
        state: open, offered (signed by who goes), handed-over, or left (without a hand-over).
        holder: Who keeps the room.
        opened_at: UTC.
        previous: Id of the shift before, None for a room's first.
        offered_at: When who goes signed (UTC), None before.
        offer: What was signed, None before.
        digest: Of the offer: what who comes signs.
        taken_by: Who came.
        ended_at: UTC, None while it runs.
        reason: Why the room was taken without a hand-over; empty otherwise.
    """

    id: str
    area: str
    state: State
    holder: str
    opened_at: datetime
    previous: str | None = None
    offered_at: datetime | None = None
    offer: Json | None = None
    digest: str | None = None
    taken_by: str | None = None
    ended_at: datetime | None = None
    reason: str = ""

    @property
    def runs(self) -> bool:
        """Whether somebody keeps the room by it."""
        return self.state in {"open", "offered"}

    def as_dict(self) -> dict[str, object]:
        """As it is shown in lists."""
        return {
            "id": self.id,
            "area": self.area,
            "state": self.state,
            "holder": self.holder,
            "opened_at": format_instant(self.opened_at),
            "previous": self.previous,
            "offered_at": format_instant(self.offered_at),
            "digest": self.digest,
            "taken_by": self.taken_by,
            "ended_at": format_instant(self.ended_at),
            "without_handover": self.state == "left",
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """A shift that was handed over, and the record of it, not yet sealed onto the one before."""

    shift: Shift
    record: dict[str, object]


def noted(shift: Shift) -> Shift:
    """After one more note: an offer that lacks it is none any more. Raises Conflict when the shift is over."""
    _running(shift)
    return replace(shift, state="open", offered_at=None, offer=None, digest=None)


def offer(
    shift: Shift, *, who: str, role: str, matters: Json, notes: list[Json], note: str, now: datetime
) -> Shift:
    """Who goes signs; again, when more has happened since. Raises Conflict for anybody but the holder."""
    _running(shift)
    _short(note)
    if who != shift.holder:
        raise Conflict(
            f"{who} does not keep this room: {shift.holder} does",
            mend="who keeps it signs; or open a shift with `without_handover`, and say why",
        )
    offered: dict[str, object] = {
        "shift": shift.id,
        "area": shift.area,
        "opened_at": format_instant(shift.opened_at),
        "previous": shift.previous,
        "matters": dict(matters),
        "notes": [dict(each) for each in notes],
        "outgoing": {"who": who, "role": role, "at": format_instant(now), "note": note},
    }
    return replace(shift, state="offered", offered_at=now, offer=offered, digest=seal(offered, START))


def take(shift: Shift, *, who: str, role: str, digest: str, note: str, now: datetime) -> Taken:
    """Who comes signs what was offered. Raises Conflict, NotPermitted, or VersionStale for another digest."""
    _running(shift)
    _short(note)
    if shift.state != "offered" or shift.offer is None:
        raise Conflict(
            f"shift {shift.id} is not signed by {shift.holder} yet", mend="who goes signs first: …/handover"
        )
    if digest != shift.digest:
        raise VersionStale(
            f"shift {shift.id} was signed anew", where="digest", mend="read what is handed over again"
        )
    if who == shift.holder:
        raise NotPermitted(
            f"{who} has signed as the one who goes and cannot sign as the one who comes",
            mend="another person takes over, with the own session or the own name and password",
        )
    incoming = {"who": who, "role": role, "at": format_instant(now), "note": note}
    record = {**shift.offer, "digest": shift.digest, "incoming": incoming}
    return Taken(replace(shift, state="handed-over", taken_by=who, ended_at=now), record)


def leave(shift: Shift, *, who: str, reason: str, now: datetime) -> Shift:
    """Somebody begins without a hand-over: the one before has left. Raises InvalidInput without a reason."""
    _running(shift)
    _short(reason)
    if not reason.strip():
        raise InvalidInput("a shift without a hand-over needs a reason", where="reason")
    return replace(shift, state="left", taken_by=who, ended_at=now, reason=reason.strip())


def _running(shift: Shift) -> None:
    if not shift.runs:
        raise Conflict(f"shift {shift.id} is over ({shift.state})", mend="its record is never changed")


def _short(text: str) -> None:
    if len(text) > NOTE_CHARS:
        raise InvalidInput(f"the text is longer than {NOTE_CHARS} characters", where="note")
