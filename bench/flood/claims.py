"""Claims: what must hold in a ledger after a flood."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from alerts.ledger import incidents, signals
from alerts.ledger.check import violations
from alerts.ledger.columns import to_ms
from alerts.ledger.engine import Connection
from alerts.ledger.tally import counts
from alerts.sight import Sight
from bench.flood.publisher import EPOCH
from bench.flood.said import Said, key_of
from ingest.instant import parse_instant


def all_incidents(conn: Connection) -> list[dict[str, object]]:
    """Every incident as screens see it."""
    found: list[dict[str, object]] = []
    cursor: str | None = None
    while True:
        page = incidents.page(conn, Sight.everything(), limit=1000, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def wrong(
    conn: Connection, said: Said, outcomes: Mapping[str, int], rows: Sequence[Mapping[str, object]]
) -> Iterator[str]:
    """Every claim, one after the other; a sentence for what does not hold."""
    yield from map(str, violations(conn))
    published = said.published
    if sum(outcomes.values()) < published or outcomes["applied"] + outcomes["late"] > published:
        yield f"{published} signals were published, {dict(outcomes)} came of them"
    if outcomes["refused"]:
        yield f"{outcomes['refused']} signals were refused"
    sources = {source: each for source, each in said.sources.items() if each.n}
    marks = signals.load(conn, {key_of(each) for each in sources})
    holding = {
        (each.incident.place, each.incident.condition)
        for each in incidents.all_open(conn)
        if each.incident.holding
    }
    spans: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in rows:
        over = row["cleared_at"]
        span = (_ms(row["raised_at"]), math.inf if over is None else _ms(over))
        spans.setdefault((str(row["place"]), str(row["condition"])), []).append(span)
    for source, each in sources.items():
        key = key_of(source)
        mark = marks.get(key)
        if mark is None or (mark.epoch, mark.n) != (EPOCH, each.n):
            yield f"{key}: {each.n} signals were said, the mark is {mark}"
        if ((key.place, key.rule) in holding) is not (each.last == "active"):
            yield f"{key}: its last level is {each.last}, and the ledger says otherwise"
        for first, last in each.runs:
            if not any(
                begun <= last and over >= first for begun, over in spans.get((key.place, key.rule), ())
            ):
                yield f"{key}: no incident was open during the excursion {first} to {last}"
    raised = sum(bool(each.runs) for each in sources.values())
    numbered = sum(counts(conn).cases.values())
    if numbered != raised:
        yield f"{raised} conditions were raised, and there are {numbered} cases"


def _ms(instant: object) -> int:
    return to_ms(parse_instant(str(instant)))
