"""Push codes: which generation of its address a device that pushes over HTTP must use; the first is 1."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.ledger.push_tables import push_codes
from alerts.ledger.upsert import put


def generation(conn: Connection, device: str) -> int:
    """The one that is good now."""
    found = conn.execute(select(push_codes.c.generation).where(push_codes.c.device == device)).scalar()
    return 1 if found is None else int(found)


def next_generation(conn: Connection, device: str, now: datetime) -> int:
    """A new one: every address given out so far is worthless from now on, also should the device be registered anew."""
    after = generation(conn, device) + 1
    put(conn, push_codes, {"device": device, "generation": after, "changed_at": now})
    return after
