"""Duty: who is on duty where, who is in the room, and when it was empty. Never a telephone number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.directory import Directory
from alerts.ledger import presence
from alerts.presence import Room
from alerts.roster import Roster, merged, on_duty
from alerts.sight import Visibility
from api.answers import answer
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, may
from ingest.errors import InvalidInput
from ingest.instant import format_instant, parse_instant

router = APIRouter(prefix="/duty", tags=["duty"])

HubHere = Annotated[Hub, Depends(hub_of)]


def moment(
    at: Annotated[str | None, Query(max_length=40, description="RFC 3339; left out: now")] = None,
) -> datetime | None:
    """The moment of `at`, or None."""
    try:
        return None if at is None else parse_instant(at)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, where="query.at", mend=wrong.mend) from None


@router.get("")
def duty(
    *,
    who: Annotated[Principal, needs("duty.read")],
    hub: HubHere,
    at: Annotated[datetime | None, Depends(moment)],
) -> Response:
    """The rosters that this reader sees; names only with the right `duty.names`."""
    directory, now = hub.directory(), hub.now()
    names = may(who, "duty.names")
    with hub.ledger.read() as conn:
        room, spells = presence.room(conn, now), presence.spells(conn)
    seen = [each for each in directory.rosters.values() if who.sight.sees("duty", _place(directory, each))]
    body: dict[str, object] = {
        "at": format_instant(at or now),
        "items": [_shown(each, at or now, names=names) for each in sorted(seen, key=lambda one: one.id)],
        "next": None,
        "room": {
            "present": _present(room, who, names=names),
            "spells": [
                each if names else {**each, "ended_by": None}
                for each in spells
                if who.sight.sees("duty", Visibility(area=str(each["area"]) if each["area"] else None))
            ],
        },
    }
    return answer(body)


def _place(directory: Directory, roster: Roster) -> Visibility:
    unit = directory.units.get(roster.unit)
    return Visibility(area=unit.area if unit else None)


def _shown(roster: Roster, at: datetime, *, names: bool) -> dict[str, object]:
    turn = merged(on_duty(roster, at))
    now = None
    if turn is not None:
        now = {
            "users": list(turn.users) if names else [],
            "people": len(turn.users),
            "channels": list(turn.channels),
            "since": format_instant(turn.since),
            "until": format_instant(turn.until),
        }
    return {"id": roster.id, "unit": roster.unit, "on_duty": now}


def _present(room: Room, who: Principal, *, names: bool) -> list[dict[str, object]]:
    """Who is there; of those who look at other places only, nothing."""
    near = [
        each
        for each in room.present()
        if who.sight.areas is None or each.sight.areas is None or who.sight.areas & each.sight.areas
    ]
    return [
        {"name": each.user if names else None, "role": each.role, "since": format_instant(each.since)}
        for each in near
    ]
