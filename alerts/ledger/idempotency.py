"""Idempotency: the answer that a POST with an `Idempotency-Key` was given; the same key is answered the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import idempotency
from alerts.ledger.upsert import add_missing
from ingest.errors import Conflict


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: Mapping[str, object]


def find(conn: Connection, *, who: str, key: str, request: str) -> Answer | None:
    """The answer given before; `request` is a digest of method, path and body.

    Raises Conflict when the key was used for another request.
    """
    row = conn.execute(
        select(idempotency).where(idempotency.c.who == who, idempotency.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.request != request:
        raise Conflict(
            "this Idempotency-Key was used for another request",
            where="Idempotency-Key",
            mend="use a fresh key for a fresh request",
        )
    return Answer(row.status, row.answer)


def keep(conn: Connection, *, who: str, key: str, request: str, answer: Answer, now: datetime) -> None:
    """Remembers an answer, in the transaction of what it answers; the first one stays."""
    row = {
        "who": who,
        "key": key,
        "request": request,
        "status": answer.status,
        "answer": dict(answer.body),
        "at": now,
    }
    add_missing(conn, idempotency, [row])


def forget(conn: Connection, before: datetime) -> int:
    """Deletes answers older than `before`."""
    return conn.execute(delete(idempotency).where(idempotency.c.at < before)).rowcount
