"""Session filters: the life-safety topics as each of the two sensor sessions last took them over.

Messages that wait at the broker were sorted by what held then: a restart must not sort them anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.ledger.session_tables import session_filters
from alerts.ledger.upsert import put as upsert


def load(conn: Connection) -> dict[str, frozenset[str]]:
    """By session."""
    return {row.session: frozenset(row.filters) for row in conn.execute(select(session_filters))}


def put(conn: Connection, session: str, filters: Iterable[str]) -> None:
    """From now on these are life safety's, as this session sees it."""
    upsert(conn, session_filters, {"session": session, "filters": sorted(filters)})
