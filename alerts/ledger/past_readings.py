"""Past readings: single values as they arrived, for playing them again; plain SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import readings
from ingest.reading import Reading


def count(conn: Connection, device: str, since: datetime, until: datetime) -> int:
    """How many values of a device are there."""
    found = conn.execute(
        select(func.count())
        .select_from(readings)
        .where(readings.c.device == device, readings.c.at >= since, readings.c.at < until)
    )
    return int(found.scalar_one())


def arrived(
    conn: Connection, device: str, since: datetime, until: datetime, *, quantity: str | None = None
) -> list[Reading]:
    """The values of a device, or of one quantity of it, that were true in a time, in the order of their arrival."""
    query = select(readings).where(readings.c.device == device, readings.c.at >= since, readings.c.at < until)
    if quantity is not None:
        query = query.where(readings.c.quantity == quantity)
    return [
        Reading(
            row.device,
            row.quantity,
            row.value,
            row.unit,
            row.at,
            row.received_at,
            row.quality,
            row.message_id,
        )
        for row in conn.execute(query.order_by(readings.c.received_at, readings.c.at))
    ]
