"""Watch: what must be over before a case may close, and which closed case a condition comes back to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.case import Case
from alerts.closing import Watched
from alerts.ledger import cases, evidence, incidents
from alerts.ledger.incident_rows import Stored
from alerts.ledger.tables import cases as rows


def watched(conn: Connection, case: str) -> list[Watched]:
    """The incidents of a case and of those merged into it, and whatever is open of the same conditions.

    The last part matters after an unmerge: an incident that joined the other case meanwhile is still about
    what this one is about.
    """
    found: dict[str, Stored] = {}
    for each in family(conn, case):
        found |= {stored.incident.id: stored for stored in incidents.of_case(conn, each)}
    for place, condition in sorted(
        {(each.incident.place, each.incident.condition) for each in found.values()}
    ):
        still = incidents.open_at(conn, place, condition)
        if still is not None:
            found[still.incident.id] = still
    digests = evidence.shown(conn, sorted(found))
    return [_watched(found[key], digests[key]) for key in sorted(found)]


def family(conn: Connection, case: str) -> list[str]:
    """The case itself, then every case that was merged into it, directly or through another."""
    found = [case]
    for each in found:
        merged = select(rows.c.id).where(rows.c.merged_into == each).order_by(rows.c.id)
        found += [str(key) for key in conn.execute(merged).scalars() if key not in found]
    return found


def may_return(conn: Connection, last: Case, group_key: str, since: datetime) -> bool:
    """Whether the case of a group that is over may live again: it was closed at `since` or later.

    Not when it could not live beside another live one of its own group.
    """
    if last.state != "closed" or last.closed_at is None or last.closed_at < since:
        return False
    own = last.group_key
    return own in {None, group_key} or cases.live_of_group(conn, str(own)) is None


def _watched(stored: Stored, shown: dict[str, object]) -> Watched:
    incident = stored.incident
    digests = shown["sha256"]
    return Watched(
        incident=incident.id,
        condition=incident.condition,
        place=incident.place,
        state=incident.state,
        stale=incident.stale,
        raised_at=incident.raised_at,
        value=incident.lead.value,
        limit=incident.lead.limit,
        cleared_at=incident.cleared_at,
        cleared_value=incident.cleared_value,
        pictures=digests if isinstance(digests, dict) else {},
    )
