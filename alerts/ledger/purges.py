"""Purges: what retention deleted: how many of which kind, of what time, how many bytes; noted with the deletion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection

from alerts.ledger.purge_tables import purges
from alerts.ledger.upsert import insert

Kind = Literal[
    "readings",
    "readings-1m",
    "readings-1h",
    "events",
    "evidence",
    "originals",
    "case-evidence",
    "photos",
    "people",
    "offers",
    "rule-states",
    "raises",
]
"""`evidence`: pictures and shown clips of incidents without a case; `originals`: their sealed clips; `case-evidence`:
both, of incidents whose case is over; `photos`: of such cases; `people`: what is known of who reported, by case;
`offers`: unknown devices that fell silent; `rule-states`: what rules or devices that are gone left behind;
`raises`: what decided the raises of cameras."""
KINDS: tuple[Kind, ...] = get_args(Kind)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was deleted of one kind, or would be.

    Attributes:
        kind: Which.
        number: Rows or files; of people: cases.
        since: When the oldest of them was true.
        until: When the newest was, or the end of the span that was deleted.
        size: Bytes: of files exact, of readings about so many, None where nobody counts.
    """

    kind: Kind
    number: int
    since: datetime
    until: datetime
    size: int | None = None

    def with_(self, more: Purged) -> Purged:
        """Both together."""
        size = None if self.size is None and more.size is None else (self.size or 0) + (more.size or 0)
        return Purged(
            self.kind,
            self.number + more.number,
            min(self.since, more.since),
            max(self.until, more.until),
            size,
        )


def together(some: Iterable[Purged]) -> list[Purged]:
    """One for each kind, in the order of KINDS."""
    found: dict[Kind, Purged] = {}
    for each in some:
        found[each.kind] = found[each.kind].with_(each) if each.kind in found else each
    return [found[kind] for kind in KINDS if kind in found]


def note(conn: Connection, done: Iterable[Purged], now: datetime) -> None:
    """In the transaction that deletes: what it deletes."""
    for each in together(done):
        if not each.number:
            continue
        statement = insert(conn, purges)
        old, new = purges.c, statement.excluded
        changes = {
            "number": old.number + new.number,
            "bytes": case((old.bytes.is_(None), new.bytes), else_=old.bytes + func.coalesce(new.bytes, 0)),
            "since": case((new.since < old.since, new.since), else_=old.since),
            "until": case((new.until > old.until, new.until), else_=old.until),
            "last_at": new.last_at,
        }
        row = {
            "day": now.replace(hour=0, minute=0, second=0, microsecond=0),
            "kind": each.kind,
            "number": each.number,
            "bytes": each.size,
            "since": each.since,
            "until": each.until,
            "last_at": now,
        }
        conn.execute(statement.on_conflict_do_update(index_elements=["day", "kind"], set_=changes), [row])


def noted(conn: Connection, since: datetime) -> list[Purged]:
    """What was deleted since the day (UTC) of `since`, by kind."""
    rows = conn.execute(select(purges).where(purges.c.day > since - DAY).order_by(purges.c.day))
    return together(
        Purged(cast("Kind", row.kind), row.number, row.since, row.until, row.bytes) for row in rows
    )
