"""Evidence expiry: which pictures and clips have been kept long enough."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.ledger import cases as case_queries
from alerts.ledger.evidence import File, Old
from alerts.ledger.purges import Purged, together
from alerts.ledger.tables import cases, evidence, incidents

ORIGINAL = "original.mp4"


def expired(
    conn: Connection,
    *,
    unbound_before: datetime,
    originals_before: datetime,
    bound_before: datetime,
    limit: int = 100,
) -> list[Old]:
    """Files that may go, unbound ones first, then the oldest: never of an open incident or of a case still live.

    A file is as old as its incident. `unbound_before` holds for incidents without a case, `originals_before` for
    their sealed originals, whichever is later; `bound_before` for those whose case has been over since then.
    """
    raised, original = incidents.c.raised_at, evidence.c.name == ORIGINAL
    rows = conn.execute(
        select(evidence, incidents.c.raised_at, cases.c.id.label("case"), cases.c.state.label("case_state"))
        .join(incidents, incidents.c.id == evidence.c.incident_id)
        .outerjoin(cases, cases.c.id == incidents.c.case_id)
        .where(
            evidence.c.state == "ready",
            incidents.c.state == "cleared",
            (cases.c.id.is_(None) & ((raised < unbound_before) | (original & (raised < originals_before))))
            | (cases.c.state.not_in(["open", "paused"]) & (cases.c.updated_at < bound_before)),
        )
        .order_by(cases.c.id.is_not(None), raised, evidence.c.incident_id, evidence.c.name)
    )
    found: list[Old] = []
    for row in rows:
        if len(found) == limit:
            break
        if row.case_state == "merged" and case_queries.live(conn, row.case) is not None:
            continue  # it became part of a case that goes on
        file = File(row.incident_id, row.name, row.path, row.sha256, row.bytes)
        found.append(Old(file, row.case is not None, row.raised_at))
    return found


def due(files: Iterable[Old]) -> list[Purged]:
    """These files by kind."""
    return together(
        Purged(
            "case-evidence" if each.bound else "originals" if each.file.name == ORIGINAL else "evidence",
            1,
            each.at,
            each.at,
            each.file.size,
        )
        for each in files
    )
