"""Reporters: who reported a case, sealed by the caller; kept apart from the case, deleted before it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.public_tables import case_reporters
from alerts.ledger.upsert import put


def keep(conn: Connection, case: str, sealed: str, now: datetime) -> None:
    """One reference per case."""
    put(conn, case_reporters, {"case_id": case, "sealed": sealed, "at": now})


def forget(conn: Connection, cases: Collection[str]) -> None:
    """Nobody knows any more who reported these cases."""
    conn.execute(delete(case_reporters).where(case_reporters.c.case_id.in_(cases)))


def sealed(conn: Connection, case: str) -> str | None:
    """As it was sealed, None when nobody said or it was deleted."""
    found = conn.execute(select(case_reporters.c.sealed).where(case_reporters.c.case_id == case)).scalar()
    return None if found is None else str(found)
