"""Audit: who did what to what, in one chain over the whole ledger: no row can be changed or taken out unseen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.engine import Connection

from alerts.case import Actor
from alerts.chain import START, seal
from alerts.ledger import counters
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.tables import audit
from alerts.sight import Sight
from ingest.instant import format_instant


def add(
    conn: Connection,
    *,
    at: datetime,
    who: Actor,
    action: str,
    noun: str,
    subject: str,
    area: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> int:
    """Writes one row, sealed onto the last; `detail` is JSON-like and holds no secret."""
    number = counters.take(conn, counters.AUDIT)
    entry: dict[str, object] = {
        "seq": number,
        "at": format_instant(at),
        "who": who.name,
        "role": who.role,
        "action": action,
        "noun": noun,
        "subject": subject,
        "area": area,
        "detail": dict(detail or {}),
    }
    last = conn.execute(select(audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).scalar()
    conn.execute(
        insert(audit).values(
            seq=number,
            at=at,
            who=who.name,
            role=who.role,
            action=action,
            noun=noun,
            subject=subject,
            area=area,
            entry=entry,
            hash=seal(entry, str(last or START)),
        )
    )
    return number


def page(
    conn: Connection,
    sight: Sight,
    *,
    subject: str | None = None,
    who: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """The trail, the newest first."""
    if "audit" not in sight.nouns:
        return Page()
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit_of(limit) + 1)
    if sight.areas is not None:
        query = query.where(or_(audit.c.area.is_(None), audit.c.area.in_(sorted(sight.areas))))
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    if who is not None:
        query = query.where(audit.c.who == who)
    if cursor is not None:
        query = query.where(audit.c.seq < int(decode(cursor, int)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    items = [{**row.entry, "hash": row.hash} for row in rows[:limit]]
    return Page(items, encode(rows[limit - 1].seq) if more else None)
