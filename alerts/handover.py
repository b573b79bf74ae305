"""Handover: what people do with the shifts of a room, each act with its audit row, in the caller's transaction.

Raises NotFound (also for what the reader does not see), NotPermitted, InvalidInput, VersionStale or Conflict before
anything is written that would not be kept.
"""

from __future__ import annotations

from datetime import datetime

from alerts import shift as rules
from alerts.case import Actor
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import audit, matters, shifts
from alerts.ledger.engine import Connection
from alerts.ledger.matters import Watch
from alerts.shift import Shift
from alerts.sight import Sight, Visibility
from ingest.errors import Conflict, NotFound

Json = dict[str, object]


def begin(
    conn: Connection,
    sight: Sight,
    area: str,
    *,
    without_handover: bool,
    reason: str,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> Json:
    """Opens the room's shift; while another runs only `without_handover`, with a reason. Answers the shift."""
    if area not in directory.areas or not sight.sees("shift", Visibility(area=area)):
        raise NotFound(f"no area {area}")
    before = shifts.running(conn, area)
    if before is not None:
        if before.holder == who.name:
            raise Conflict(f"{who.name} keeps the room of {area} already: shift {before.id}")
        if not without_handover:
            raise Conflict(
                f"{before.holder} keeps the room of {area}: shift {before.id} is not handed over",
                mend="take it over; or begin `without_handover`, with a reason",
            )
        left = rules.leave(before, who=who.name, reason=reason, now=now)
        shifts.save(conn, left)
        _audit(conn, "shift.left", left, who, now, holder=left.holder, reason=left.reason)
    last = before or shifts.newest(conn, area)
    return _opened(conn, area, None if last is None else last.id, who=who, now=now)


def note(conn: Connection, sight: Sight, shift: str, *, text: str, who: Actor, now: datetime) -> Json:
    """A free note of the running shift. Answers the shift."""
    found = rules.noted(shifts.load(conn, sight, shift))
    shifts.save(conn, found)
    shifts.add_note(conn, shift, who=who.name, text=text, now=now)
    _audit(conn, "shift.note", found, who, now)
    return shown(conn, found)


def offer(
    conn: Connection,
    sight: Sight,
    shift: str,
    *,
    note: str,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> Json:
    """Who goes signs what is open now. Answers the shift with the offer."""
    found = shifts.load(conn, sight, shift)
    seen = watch(found, sight, directory, now)
    signed = rules.offer(
        found,
        who=who.name,
        role=who.role,
        matters=matters.matters(conn, seen, directory),
        notes=list(shifts.notes(conn, shift)),
        note=note,
        now=now,
    )
    shifts.save(conn, signed)
    _audit(conn, "shift.handover", signed, who, now, digest=signed.digest)
    return shown(conn, signed)


def take(
    conn: Connection,
    sight: Sight,
    shift: str,
    *,
    digest: str,
    note: str,
    who: Actor,
    now: datetime,
) -> Json:
    """Who comes signs; the record is sealed, and the own shift of the room begins. Answers that shift.

    `sight` is that of who comes.
    """
    found = shifts.load(conn, sight, shift)
    taken = rules.take(found, who=who.name, role=who.role, digest=digest, note=note, now=now)
    shifts.save(conn, taken.shift)
    sealed = shifts.keep(conn, shift, taken.record, now=now)
    _audit(conn, "shift.takeover", taken.shift, who, now, holder=found.holder, digest=digest, hash=sealed)
    return _opened(conn, found.area, shift, who=who, now=now)


def watch(shift: Shift, sight: Sight, directory: Directory, now: datetime) -> Watch:
    """What the keeper of this shift watches over."""
    return Watch(sight, directory.descendants(shift.area), shift.opened_at, now)


def shown(conn: Connection, shift: Shift) -> Json:
    """The shift with its notes, its offer and its record, if there are any."""
    return {
        **shift.as_dict(),
        "notes": shifts.notes(conn, shift.id),
        "offer": None if shift.offer is None or shift.state != "offered" else dict(shift.offer),
        "record": shifts.record(conn, shift.id),
    }


def _opened(conn: Connection, area: str, previous: str | None, *, who: Actor, now: datetime) -> Json:
    opened = Shift(new_id(now), area, "open", who.name, now, previous=previous)
    shifts.save(conn, opened)
    _audit(conn, "shift.open", opened, who, now, previous=previous)
    return shown(conn, opened)


def _audit(
    conn: Connection, action: str, shift: Shift, who: Actor, now: datetime, **detail: str | None
) -> None:
    audit.add(
        conn,
        at=now,
        who=who,
        action=action,
        noun="shift",
        subject=shift.id,
        area=shift.area,
        detail=detail,
    )
