"""Supervision (督办): what is over its limit is written into the case and told, once per step."""

from __future__ import annotations

from datetime import datetime

from alerts.case import HUB, supervise
from alerts.ledger import cases, journal
from alerts.ledger.engine import Connection

AT_ONCE = 200
"""Cases in one transaction; after a long night the rest follows with the next tick."""


def supervise_red(conn: Connection, now: datetime) -> tuple[int, ...]:
    """Marks every case whose due step is red, inside the caller's transaction; answers the seqs of the events."""
    written: list[int] = []
    for case in cases.red(conn, now, AT_ONCE):
        done = supervise(case, now)
        if done is None:
            continue
        cases.save(conn, done)
        place = done.case.place
        written.append(
            journal.case(conn, case.id, "case.changed", action="supervised", who=HUB, place=place, now=now)
        )
    return tuple(written)
