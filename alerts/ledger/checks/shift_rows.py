"""Shift rows: the chain of what was handed over."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.chain import START, seal
from alerts.ledger import counters, shifts
from alerts.ledger.checks.violation import Violation
from alerts.ledger.shift_tables import shift_records


def chain(conn: Connection) -> Iterator[Violation]:
    """Each signed record seals the one before; none is missing."""
    previous, number = START, 0
    for row in conn.execute(select(shift_records).order_by(shift_records.c.seq)):
        number += 1
        if row.seq != number:
            yield Violation("shift-chain", str(number), f"missing before {row.seq}")
            number = row.seq
        if row.hash != seal(row.entry, previous):
            yield Violation("shift-chain", row.shift, f"record {row.seq} does not fit its hash")
        previous = row.hash
    if counters.value(conn, shifts.RECORDS) != number:
        yield Violation("shift-chain", str(number), "the newest records are missing")
