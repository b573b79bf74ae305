"""Switch: an area goes into another mode and back, each act with its event and its audit row, in one transaction.

Raises NotFound (also for an area the reader does not see), InvalidInput or Conflict before anything is written.
"""

from __future__ import annotations

from datetime import datetime

from alerts.case import HUB, Actor
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import audit, modes
from alerts.ledger.engine import Connection
from alerts.ledger.modes import Switched
from alerts.mode import PEACE
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput, NotFound

REASON_CHARS = 2000
TIME_OVER = "time over"


def switch(
    conn: Connection,
    sight: Sight,
    mode: str,
    area: str,
    *,
    reason: str,
    until: datetime | None,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> dict[str, object]:
    """Puts a mode in force in an area and all below it, or with `peace` ends the one that is. Answers it."""
    if area not in directory.areas or not (sight.areas is None or area in sight.areas):
        raise NotFound(f"no area {area}")
    if not reason.strip() or len(reason) > REASON_CHARS:
        raise InvalidInput(f"a reason of up to {REASON_CHARS} characters is needed", where="reason")
    here = modes.at(conn, area)
    if mode == PEACE:
        return _end(conn, here, area, reason=reason, who=who, directory=directory, now=now)
    if mode not in directory.modes:
        known = ", ".join([*sorted(directory.modes), PEACE])
        raise InvalidInput(f"there is no mode {mode!r}", where="mode", mend=f"one of {known}")
    if until is not None and until <= now:
        raise InvalidInput("the end is over already", where="until")
    if here is not None:
        raise Conflict(
            f"{area} is in mode {here.mode} since {here.as_dict()['begun_at']}",
            mend="end it first: mode peace",
        )
    new = Switched(new_id(now), mode, area, reason.strip(), now, who.name, until=until)
    modes.begin(conn, new, now=now)
    _audit(conn, "mode.begin", new, who, now)
    return new.as_dict()


def expire(conn: Connection, now: datetime) -> int:
    """Ends the modes whose time is over; answers how many."""
    ended = modes.over(conn, now)
    for each in ended:
        modes.end(conn, each, who=HUB, reason=TIME_OVER, now=now)
        _audit(conn, "mode.end", each, Actor(HUB, HUB), now)
    return len(ended)


def _end(
    conn: Connection,
    here: Switched | None,
    area: str,
    *,
    reason: str,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> dict[str, object]:
    if here is None:
        above = [each for each in modes.active(conn) if each.area in directory.path(area)]
        more = f", {above[0].area} is: end it there" if above else ""
        raise Conflict(f"{area} itself is in no mode but peace{more}")
    modes.end(conn, here, who=who.name, reason=reason.strip(), now=now)
    _audit(conn, "mode.end", here, who, now)
    ended = Switched(
        here.id,
        here.mode,
        area,
        here.reason,
        here.begun_at,
        here.begun_by,
        here.until,
        now,
        who.name,
        reason.strip(),
    )
    return ended.as_dict()


def _audit(conn: Connection, action: str, which: Switched, who: Actor, now: datetime) -> None:
    audit.add(
        conn,
        at=now,
        who=who,
        action=action,
        noun="mode",
        subject=which.id,
        area=which.area,
        detail={"mode": which.mode, "reason": which.reason},
    )
