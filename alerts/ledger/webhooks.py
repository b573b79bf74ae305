"""Webhooks: who is told by HTTP. Each keeps the sight of the reader it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.ledger import receivers
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.tables import outbox, webhooks
from alerts.sight import Sight
from ingest.errors import NotFound
from ingest.instant import format_instant


def add(
    conn: Connection,
    *,
    id: str,  # noqa: A002 - the word of the contract
    url: str,
    secret: str,
    types: Sequence[str],
    sight: Sight,
    who: str,
    now: datetime,
) -> dict[str, object]:
    """A new webhook, on; `secret` as the caller wants it stored (encrypted). `types` empty: all."""
    conn.execute(
        insert(webhooks).values(
            id=id,
            url=url,
            secret=secret,
            types=list(types),
            sight=sight.as_dict(),
            state="on",
            reason="",
            created_by=who,
            created_at=now,
        )
    )
    return get(conn, Sight.everything(), id)


def get(conn: Connection, sight: Sight, hook: str) -> dict[str, object]:
    """One webhook without its secret; raises NotFound."""
    found = _rows(conn, sight, limit=1, only=hook)
    if not found:
        raise NotFound(f"no webhook {hook}")
    return found[0]


def page(conn: Connection, sight: Sight, *, limit: int = 100, cursor: str | None = None) -> Page:
    """All webhooks without their secrets, with what waits for each, its dead letters and its last attempt."""
    after = str(decode(cursor, str)[0]) if cursor else ""
    found = _rows(conn, sight, limit=limit_of(limit) + 1, after=after)
    more = len(found) > limit
    return Page(found[:limit], encode(str(found[limit - 1]["id"])) if more else None)


def remove(conn: Connection, hook: str) -> None:
    """Ends a webhook and forgets what still waited for it; raises NotFound."""
    conn.execute(delete(outbox).where(outbox.c.hook == hook))
    receivers.forget(conn, "webhook", hook)
    if not conn.execute(delete(webhooks).where(webhooks.c.id == hook)).rowcount:
        raise NotFound(f"no webhook {hook}")


def is_there(conn: Connection, hook: str) -> bool:
    """Whether there is such a webhook."""
    return conn.execute(select(webhooks.c.id).where(webhooks.c.id == hook)).first() is not None


def set_state(conn: Connection, hook: str, state: str, reason: str) -> None:
    """`on` or `off`, with the reason (such as 410 Gone)."""
    conn.execute(update(webhooks).where(webhooks.c.id == hook).values(state=state, reason=reason))


def _rows(
    conn: Connection, sight: Sight, *, limit: int, only: str | None = None, after: str = ""
) -> list[dict[str, object]]:
    if "webhook" not in sight.nouns:
        return []
    waiting, dead = (
        select(func.count())
        .where(outbox.c.hook == webhooks.c.id, outbox.c.state == state)
        .scalar_subquery()
        .label(name)
        for name, state in (("waiting", "pending"), ("dead", "dropped"))
    )
    query = select(webhooks, waiting, dead).where(webhooks.c.id > after).order_by(webhooks.c.id).limit(limit)
    if only is not None:
        query = query.where(webhooks.c.id == only)
    return [
        {
            "id": row.id,
            "url": row.url,
            "types": row.types,
            "state": row.state,
            "reason": row.reason,
            "created_by": row.created_by,
            "created_at": format_instant(row.created_at),
            "pending": row.waiting,
            "dead": row.dead,
            "last": stands.as_dict() if (stands := receivers.standing(conn, "webhook", row.id)) else None,
        }
        for row in conn.execute(query).all()
    ]
