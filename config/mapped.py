"""Mapped: a mapping table put in place of another, checked against the registry, with its line in the audit trail."""

from __future__ import annotations

from datetime import datetime

from alerts.case import Actor
from alerts.directory import Directory
from alerts.ledger import audit, conflicts, mappings
from alerts.ledger.engine import Connection
from alerts.mapping import MappedNoun, parse


def replace(
    conn: Connection,
    noun: MappedNoun,
    text: str,
    *,
    name: str,
    directory: Directory,
    who: Actor,
    now: datetime,
) -> dict[str, int]:
    """`{created, updated, unchanged, deleted, settled}`; raises InvalidRegistry with every mistake of the CSV.

    `settled` counts the listed codes that the table knows from now on.
    """
    known = {
        "unit": directory.units.__contains__,
        "area": directory.areas.__contains__,
        "category": None,
    }[noun]
    rows = parse(text, noun, known, name=name)
    counts = mappings.replace(conn, noun, rows)
    counts["settled"] = conflicts.settle_codes(conn, noun, {each.theirs for each in rows}, now)
    audit.add(conn, at=now, who=who, action="mapping.write", noun="mapping", subject=noun, detail=counts)
    return counts
