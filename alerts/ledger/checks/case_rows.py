"""Cases: one live case per group, numbers without gap or double, histories that nobody changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from alerts.chain import broken_at
from alerts.ledger import counters
from alerts.ledger.attachment_tables import attachments
from alerts.ledger.checks.violation import Violation
from alerts.ledger.tables import case_history, cases


def live_twice(conn: Connection) -> Iterator[Violation]:
    """At most one live case per group."""
    rows = conn.execute(
        select(cases.c.group_key, func.count())
        .where(cases.c.state.in_(["open", "paused"]), cases.c.group_key.is_not(None))
        .group_by(cases.c.group_key)
        .having(func.count() > 1)
        .order_by(cases.c.group_key)
    )
    for key, number in rows:
        yield Violation("double-live-case", str(key), f"{number} live cases")


def numbers(conn: Connection) -> Iterator[Violation]:
    """Each year from 1 up to its counter, each once."""
    taken = counters.starting(conn, "case:")
    found: dict[str, set[int]] = {}
    for number in conn.execute(select(cases.c.number).order_by(cases.c.number)).scalars():
        year, _, rest = str(number).partition("-")
        if not (year.isdigit() and rest.isdigit()):
            yield Violation("case-number-unreadable", str(number), "not YYYY-NNNNNN")
            continue
        if int(rest) in found.setdefault(year, set()):
            yield Violation("case-number-double", str(number), "given twice")
        found[year].add(int(rest))
    for year in sorted({*found, *(name.removeprefix("case:") for name in taken)}):
        given = found.get(year, set())
        last = max(taken.get(f"case:{year}", 0), *given, 0)
        for missing in sorted(set(range(1, last + 1)) - given):
            yield Violation("case-number-gap", f"{year}-{missing:06d}", f"missing below {year}-{last:06d}")
        if given and max(given) > taken.get(f"case:{year}", 0):
            yield Violation(
                "case-number-double", f"{year}-{max(given):06d}", "the counter will give it again"
            )


def chains(conn: Connection) -> Iterator[Violation]:
    """Each history is what was sealed, entry by entry, as long as its case is old, and its photos are those."""
    found = conn.execute(select(cases.c.id, cases.c.number, cases.c.version).order_by(cases.c.id)).all()
    versions = {row.id: row.version for row in found}
    numbers_of = {row.id: row.number for row in found}
    photos = {row.id: (row.case_id, row.sha256) for row in conn.execute(select(attachments))}
    unseen = set(versions)
    rows = conn.execute(select(case_history).order_by(case_history.c.case_id, case_history.c.seq))
    for key, group in groupby(rows, key=lambda row: row.case_id):
        entries = [{**row.entry, "hash": row.hash} for row in group]
        number = numbers_of.get(key, key)
        unseen.discard(key)
        at = broken_at(entries)
        if at is not None:
            yield Violation("case-chain", number, f"entry {at + 1} is not what was sealed")
        for entry in entries:
            for photo, digest in entry.get("sha256", {}).items():
                if photos.get(photo) != (key, digest):
                    what = f"photo {photo} is not what entry {entry.get('seq')} sealed"
                    yield Violation("case-photo", number, what)
        version = versions.get(key, 0)
        if [entry.get("seq") for entry in entries] != list(range(1, version + 1)):
            yield Violation("case-version", number, f"version {version} with {len(entries)} history entries")
    for key in sorted(unseen):
        yield Violation("case-version", numbers_of[key], f"version {versions[key]} without a history")
