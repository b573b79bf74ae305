"""Conflicts: what the hub and another platform do not agree on, each once, until it is settled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import or_, select, update
from sqlalchemy.engine import Connection

from alerts.ids import new_id
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.platform_tables import conflicts
from alerts.ledger.sieve import stands, visible
from alerts.ledger.upsert import insert
from alerts.sight import Sight, Visibility
from ingest.instant import format_instant

Kind = Literal[
    "unmapped-code",
    "older-version",
    "same-version-differs",
    "external-id-taken",
    "missing-here",
    "missing-there",
    "state-differs",
    "number-differs",
    "version-differs",
    "day-differs",
    "not-confirmed",
]
"""What does not agree:

unmapped-code         a code of theirs that no mapping table knows
older-version         the platform told an older state of a case than one before; it was ignored
same-version-differs  the platform told one version twice with different contents; the second was ignored
external-id-taken     the platform gave one external id to two cases; the second was ignored
missing-here          the platform has a case that the hub has not
missing-there         the hub has a case that the platform has not
state-differs         both have it, in another state
number-differs        both have its external id, with another number
version-differs       both have it in the same state, and the platform knows another version of it
day-differs           counts or hash of a day differ, and the platform did not say which cases it has
not-confirmed         a day is over, and the platform did not confirm this case as it is
"""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that does not agree.

    Attributes:
        key: What makes it the same as one found before.
        kind: Word of Kind.
        place: Where it stands: who sees it in lists.
        day: The county's day that was compared, `2026-11-22`, or None.
        case: Id of our case, or None.
        number: Our number, or theirs when we have none.
        external_id: Theirs, or None.
        detail: JSON-like: both sides.
    """

    key: str
    kind: Kind
    place: Visibility
    day: str | None = None
    case: str | None = None
    number: str | None = None
    external_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


CODE = "code|"
"""How the key of an unknown code begins: `code|<noun>|<code>|<area>`."""


def put(conn: Connection, found: Conflict, now: datetime) -> None:
    """Lists it, or says anew that it is still so."""
    row = {
        "id": new_id(now),
        "key": found.key,
        "kind": found.kind,
        "day": found.day,
        "case_id": found.case,
        "number": found.number,
        "external_id": found.external_id,
        "detail": dict(found.detail),
        "found_at": now,
        "seen_at": now,
        "settled_at": None,
        **stands(found.place),
    }
    statement = insert(conn, conflicts).values(**row)
    changes = {name: statement.excluded[name] for name in row if name not in {"id", "key", "found_at"}}
    conn.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changes))


def settle(conn: Connection, sight: Sight, day: str, *, still: Collection[str], now: datetime) -> int:
    """What was found of a day, is visible to whoever compared, and is not among the keys `still`, is settled."""
    rows = conn.execute(
        select(conflicts.c.key).where(
            conflicts.c.day == day, conflicts.c.settled_at.is_(None), visible(sight, "case", conflicts)
        )
    ).scalars()
    gone = [key for key in rows if key not in still]
    for key in gone:
        conn.execute(update(conflicts).where(conflicts.c.key == key).values(settled_at=now))
    return len(gone)


def settle_codes(conn: Connection, noun: str, known: Collection[str], now: datetime) -> int:
    """Codes that a mapping table knows from now on."""
    rows = conn.execute(
        select(conflicts.c.key, conflicts.c.detail).where(
            conflicts.c.kind == "unmapped-code", conflicts.c.settled_at.is_(None)
        )
    ).all()
    gone = [row.key for row in rows if row.detail.get("noun") == noun and row.detail.get("code") in known]
    for key in gone:
        conn.execute(update(conflicts).where(conflicts.c.key == key).values(settled_at=now))
    return len(gone)


def page(
    conn: Connection,
    sight: Sight,
    *,
    day: str | None = None,
    kind: str | None = None,
    case: str | None = None,
    settled: bool = False,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """What does not agree (or, `settled`, did not), the newest first."""
    query = (
        select(conflicts)
        .where(
            visible(sight, "case", conflicts),
            conflicts.c.settled_at.is_not(None) if settled else conflicts.c.settled_at.is_(None),
        )
        .order_by(conflicts.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if day is not None:
        query = query.where(conflicts.c.day == day)
    if kind is not None:
        query = query.where(conflicts.c.kind == kind)
    if case is not None:
        query = query.where(or_(conflicts.c.case_id == case, conflicts.c.number == case))
    if cursor is not None:
        query = query.where(conflicts.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    items: list[dict[str, object]] = [
        {
            "id": row.id,
            "kind": row.kind,
            "date": row.day,
            "case": row.case_id,
            "number": row.number,
            "external_id": row.external_id,
            "area": row.area,
            "detail": row.detail,
            "found_at": format_instant(row.found_at),
            "seen_at": format_instant(row.seen_at),
            "settled_at": format_instant(row.settled_at),
        }
        for row in rows[:limit]
    ]
    return Page(items, encode(rows[limit - 1].id) if len(rows) > limit else None)
