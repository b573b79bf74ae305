"""Account: what a ledger owes to those who were told that their message was taken, and to those who listen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from alerts.ledger import events
from alerts.ledger.check import violations
from alerts.ledger.engine import Connection, Ledger
from api import accounts
from api.rights import principal
from bench.chaos.load import CONDITION, Key, now
from config.apply import read_registry
from config.directory import directory
from ingest.instant import parse_instant


@dataclass(frozen=True)
class Owed:
    """What is not as it must be; empty is well.

    Attributes:
        missing: Acknowledged messages that left no trace.
        wrong: Everything else, one line each.
    """

    missing: tuple[Key, ...]
    wrong: tuple[str, ...]


def ledger_of(data: Path) -> Ledger:
    """The ledger of a data folder, only to be read; not started."""
    return Ledger(f"sqlite:///{data / 'hub.db'}", clock=now)


def sound(data: Path) -> list[str]:
    """What the checker finds."""
    ledger = ledger_of(data)
    try:
        with ledger.read() as conn:
            return [str(each) for each in violations(conn)]
    finally:
        ledger.close()


def owed(data: Path, acknowledged: Mapping[Key, float]) -> Owed:
    """Compares the book of the publishers with the ledger."""
    ledger = ledger_of(data)
    try:
        with ledger.read() as conn:
            return Owed(tuple(_missing(conn, acknowledged)), tuple(_doubled(conn)))
    finally:
        ledger.close()


def _missing(conn: Connection, acknowledged: Mapping[Key, float]) -> list[Key]:
    stored: set[Key] = set()
    for device, at in conn.execute(text("SELECT device, at FROM readings")):
        stored.add((device, str(at)))
    for place, n in conn.execute(text("SELECT place, n FROM signal_marks WHERE rule = 'chaos'")):
        stored |= {(place, "inactive")} if n == 2 else {(place, "active")}
    raised = {
        row.place
        for row in conn.execute(
            text("SELECT place FROM incidents WHERE condition = :word"), {"word": CONDITION}
        )
    }
    stored |= {(place, "active") for place in raised}
    return [key for key in acknowledged if _stored_as(key) not in stored]


def _stored_as(key: Key) -> Key:
    """A reading's instant as the ledger keeps it."""
    name, what = key
    if what in {"active", "inactive"}:
        return key
    return name, str(round(parse_instant(what).timestamp() * 1000))


def _doubled(conn: Connection) -> list[str]:
    """Each zone was raised once and cleared once: more of either is a double."""
    found: Counter[tuple[str, str]] = Counter()
    rows = conn.execute(
        text("SELECT type, data FROM events WHERE type IN ('incident.raised', 'incident.cleared')")
    )
    for kind, data in rows:
        body = json.loads(data)
        if body["condition"] == CONDITION:
            found[str(body["place"]), kind] += 1
    return [f"{place}: {number} times {kind}" for (place, kind), number in found.items() if number != 1]


def told(data: Path, reader: str, seen: Sequence[int], inbox: Path, *, up_to: int) -> list[str]:
    """Whether the websocket's reader and the webhook's receiver were told of everything up to a seq, once, in order.

    `inbox` is what the receiver wrote down, each `webhook-id` once.
    """
    wrong: list[str] = []
    ledger = ledger_of(data)
    try:
        with ledger.read() as conn:
            account = accounts.find(conn, reader)
            if account is None:
                raise LookupError(f"no user {reader}")
            sight = principal(account, directory(read_registry(conn)), expires_at=now()).sight
            wanted = [each.seq for each in events.after(conn, 0, 1_000_000, sight) if each.seq <= up_to]
            query = text("SELECT hook, seq, state FROM outbox WHERE seq <= :last ORDER BY seq")
            sent = list(conn.execute(query, {"last": up_to}))
    finally:
        ledger.close()
    seen = [seq for seq in seen if seq <= up_to]
    if seen != wanted:
        lost, more = sorted(set(wanted) - set(seen)), [seq for seq, n in Counter(seen).items() if n > 1]
        wrong.append(f"websocket: {len(seen)} of {len(wanted)} events; missing {lost[:5]}, double {more[:5]}")
    entries = [json.loads(line) for line in inbox.read_text().splitlines()] if inbox.exists() else []
    for name, number in Counter(str(each["id"]) for each in entries).items():
        if number > 1:
            wrong.append(f"webhook: {name} written down {number} times")
    got = {str(each["id"]) for each in entries}
    wrong += [f"webhook: {seq}.{hook} is {state}" for hook, seq, state in sent if state != "delivered"]
    wrong += [
        f"webhook: {seq}.{hook} never came"
        for hook, seq, state in sent
        if state == "delivered" and f"{seq}.{hook}" not in got
    ]
    seqs = [int(each["seq"]) for each in entries]
    if seqs != sorted(seqs):
        wrong.append("webhook: an event came after a younger one")
    return wrong
