"""Judged in the ledger: which rules raised what, and what people said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.engine import Connection

from alerts.incident import TOGETHER
from alerts.ledger.sieve import visible
from alerts.ledger.tables import incidents
from alerts.precision import Judged
from alerts.sight import Sight


def raised_since(
    conn: Connection, sight: Sight, since: datetime, *, device: str | None = None
) -> Iterator[Judged]:
    """Each rule's part in each incident that this reader sees, from `since` on; of one device only, when asked.

    What follows from other incidents counts for none: those were judged themselves.
    """
    rows = conn.execute(
        select(incidents.c.raised_at, incidents.c.verdict, incidents.c.sources).where(
            incidents.c.raised_at >= since,
            incidents.c.kind != TOGETHER,
            visible(sight, "incident", incidents),
        )
    )
    for row in rows:
        sources = cast("Sequence[Mapping[str, object]]", row.sources)
        rules = {str(each["rule"]) for each in sources if device is None or each["device"] == device}
        for rule in sorted(rules):
            yield Judged(rule, row.raised_at, row.verdict)
