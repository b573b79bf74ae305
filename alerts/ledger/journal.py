"""Journal: writes what an incident or a case has become into the log, as of the transaction at hand.

An event takes its number at once; its data is read and written with that of others when the act ends, or before
something changes what it is to say (alerts/ledger/pending.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from sqlalchemy.engine import Connection

from alerts.ledger import cases, counters, events, incidents, pending
from alerts.ledger.pending import Late, Pending
from alerts.sight import Visibility

IncidentEvent = Literal["incident.raised", "incident.updated", "incident.cleared"]
CaseEvent = Literal["case.opened", "case.changed"]


@contextmanager
def act(conn: Connection) -> Iterator[Pending]:
    """Everything inside is one act: what it leaves for its end is written when it ends well."""
    begun = Pending(write, counters.keep)
    conn.info[pending.KEY] = begun
    try:
        yield begun
        begun.flush(conn)
    finally:
        del conn.info[pending.KEY]


def incident(conn: Connection, incident_id: str, what: IncidentEvent, *, now: datetime) -> int:
    """An event with the Incident as it is now; answers its seq."""
    return _later(conn, Late(_next(conn), what, "incident", incident_id, now))


def case(
    conn: Connection,
    case_id: str,
    what: CaseEvent,
    *,
    action: str,
    who: str,
    place: Visibility,
    now: datetime,
) -> int:
    """An event with the Case as it is now, without history, plus what changed it; answers its seq."""
    change = {"action": action, "who": who}
    return _later(conn, Late(_next(conn), what, "case", case_id, now, place, change))


def _next(conn: Connection) -> int:
    return counters.take(conn, counters.EVENTS)


def _later(conn: Connection, late: Late) -> int:
    begun = pending.of(conn)
    if begun is None:
        write(conn, [late])
    else:
        begun.event(late)
    return late.seq


def write(conn: Connection, late: Sequence[Late]) -> None:
    """Events with their subjects as they are now; raises NotFound for one that is not there."""
    told = incidents.told(conn, {each.subject for each in late if each.noun == "incident"})
    shown = {
        now: cases.shown(
            conn, {each.subject for each in late if each.noun == "case" and each.at == now}, now=now
        )
        for now in {each.at for each in late}
    }
    new: list[events.New] = []
    for each in late:
        if each.place is None:
            data, place = told[each.subject]
        else:
            data, place = {**shown[each.at][each.subject], "change": each.change}, each.place
        new.append(events.New(each.seq, each.type, each.noun, each.at, data, place))
    events.write(conn, new)
