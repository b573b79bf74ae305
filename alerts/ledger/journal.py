"""Journal: writes what an incident or a case has become into the log, as of the transaction at hand."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.engine import Connection

from alerts.ledger import cases, events, incidents
from alerts.sight import Visibility

IncidentEvent = Literal["incident.raised", "incident.updated", "incident.cleared"]
CaseEvent = Literal["case.opened", "case.changed"]


def incident(conn: Connection, incident_id: str, what: IncidentEvent, *, now: datetime) -> int:
    """An event with the Incident as it is now; answers its seq."""
    data, place = incidents.told(conn, incident_id)
    return events.append(conn, what, now, data, place)


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
    data = {**cases.shown(conn, case_id, now=now), "change": {"action": action, "who": who}}
    return events.append(conn, what, now, data, place)
