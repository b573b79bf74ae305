"""Announcements: how devices described themselves, so that their messages are understood after a restart too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import announcements
from alerts.ledger.upsert import put as upsert


def put(conn: Connection, topic: str, body: bytes, *, now: datetime) -> None:
    """What a device said about itself on `topic`; an empty body takes it back."""
    if body:
        upsert(conn, announcements, {"topic": topic, "body": body, "updated_at": now})
    else:
        conn.execute(delete(announcements).where(announcements.c.topic == topic))


def load_all(conn: Connection) -> dict[str, bytes]:
    """Topic to body."""
    return {row.topic: bytes(row.body) for row in conn.execute(select(announcements))}
