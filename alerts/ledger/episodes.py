"""Episodes: what is remembered of what devices report as events, stored with the readings it led to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.episode_tables import episodes
from alerts.ledger.upsert import put as upsert
from ingest.episodes import Change, Kept

MILLISECOND = timedelta(milliseconds=1)


def store(conn: Connection, change: Change) -> None:
    """What is remembered from now on, and what no longer."""
    for each in change.kept:
        row = {
            "id": each.id,
            "device": each.device,
            "quantity": each.quantity,
            "open": each.open,
            "heard_at": each.heard_at,
            "lasts_ms": None if each.lasts is None else each.lasts // MILLISECOND,
        }
        upsert(conn, episodes, row)
    for known in change.forgotten:
        conn.execute(delete(episodes).where(episodes.c.id == known))


def load_all(conn: Connection) -> Iterator[Kept]:
    """Everything remembered: for the start."""
    for row in conn.execute(select(episodes)):
        lasts = None if row.lasts_ms is None else row.lasts_ms * MILLISECOND
        yield Kept(row.id, row.device, row.quantity, row.open, row.heard_at, lasts)
