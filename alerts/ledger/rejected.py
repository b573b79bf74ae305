"""Rejected: payloads that could not be used, kept for inspection; the newest ones only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection

from alerts.ledger import counters
from alerts.ledger.offers import Kept
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.tables import rejected
from alerts.sight import Sight
from ingest.errors import InvalidInput, NotFound
from ingest.instant import format_instant

KEEP = 10_000
"""Rows that are kept; the oldest go first."""

BYTES = 4096
"""Of each payload."""


def add(
    conn: Connection,
    *,
    at: datetime,
    reason: str,
    convention: str,
    topic: str,
    payload: bytes,
    message: str,
    guess: Mapping[str, object] | None = None,
) -> int:
    """Keeps one payload; `reason` is the metric label, `guess` a mapping offered for adoption."""
    number = counters.take(conn, counters.REJECTED)
    conn.execute(
        insert(rejected).values(
            id=number,
            at=at,
            reason=reason,
            convention=convention,
            topic=topic[:1024],
            message=message[:1024],
            payload=payload[:BYTES],
            bytes=len(payload),
            guess=None if guess is None else dict(guess),
        )
    )
    conn.execute(delete(rejected).where(rejected.c.id <= number - KEEP))
    return number


def page(
    conn: Connection,
    sight: Sight,
    *,
    reason: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """What was rejected, the newest first; payloads as text, bytes that are no UTF-8 escaped."""
    if "rejected" not in sight.nouns:
        return Page()
    query = select(rejected).order_by(rejected.c.id.desc()).limit(limit_of(limit) + 1)
    if reason is not None:
        query = query.where(rejected.c.reason == reason)
    if cursor is not None:
        query = query.where(rejected.c.id < int(decode(cursor, int)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    items: list[dict[str, object]] = [
        {
            "id": row.id,
            "at": format_instant(row.at),
            "reason": row.reason,
            "convention": row.convention,
            "topic": row.topic,
            "message": row.message,
            "payload": bytes(row.payload).decode("utf-8", "backslashreplace"),
            "bytes": row.bytes,
            "guess": row.guess,
        }
        for row in rows[:limit]
    ]
    return Page(items, encode(rows[limit - 1].id) if more else None)


def message(conn: Connection, number: int) -> Kept:
    """One rejected message, to be tried again; raises NotFound, InvalidInput where only its beginning is kept."""
    row = conn.execute(select(rejected).where(rejected.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"no rejected payload {number}", mend="list them: GET /api/v1/rejected")
    if row.bytes > BYTES:
        raise InvalidInput(f"only {BYTES} of its {row.bytes} bytes are kept", mend="give topic and payload")
    return Kept(row.topic, bytes(row.payload), False, row.at, 0)


def by_reason(conn: Connection) -> dict[str, int]:
    """How many of the kept ones there are of each reason."""
    rows = conn.execute(select(rejected.c.reason, func.count()).group_by(rejected.c.reason))
    return {reason: int(number) for reason, number in rows}
