"""Audit: the one chain over the whole ledger holds, and no row was taken out."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.chain import START, seal
from alerts.ledger import counters
from alerts.ledger.checks.violation import Violation
from alerts.ledger.tables import audit
from ingest.instant import format_instant


def chain(conn: Connection) -> Iterator[Violation]:
    """Each row is what was sealed, and the columns that lists are filtered by say the same as the sealed entry."""
    previous, last = START, 0
    for row in conn.execute(select(audit).order_by(audit.c.seq)):
        if row.seq != last + 1:
            yield Violation("audit-gap", str(last + 1), f"{row.seq - last - 1} missing before {row.seq}")
        shown = {
            "seq": row.seq,
            "at": format_instant(row.at),
            "who": row.who,
            "role": row.role,
            "action": row.action,
            "noun": row.noun,
            "subject": row.subject,
            "area": row.area,
        }
        differs = any(row.entry.get(name) != value for name, value in shown.items())
        if differs or seal(row.entry, previous) != row.hash:
            yield Violation("audit-chain", str(row.seq), "the row is not what was sealed")
        previous, last = row.hash, row.seq
    head = counters.value(conn, counters.AUDIT)
    if head != last:
        yield Violation("audit-gap", str(last + 1), f"the counter is at {head}")
