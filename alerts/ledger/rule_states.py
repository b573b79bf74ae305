"""Rule states: what a sensor rule remembers; committed with the readings it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.purges import Purged
from alerts.ledger.tables import entries, rule_states
from alerts.ledger.upsert import CHUNK
from alerts.ledger.upsert import put as upsert
from alerts.ledger.upsert import put_all as upsert_all


def get(conn: Connection, key: str) -> Mapping[str, object] | None:
    """What was remembered under `key` (such as `rule|device`), None when nothing was."""
    found = conn.execute(select(rule_states.c.state).where(rule_states.c.key == key)).scalar()
    return found if isinstance(found, dict) else None


def load_all(conn: Connection) -> dict[str, Mapping[str, object]]:
    """Everything remembered, by key: for the start."""
    return {row.key: row.state for row in conn.execute(select(rule_states.c.key, rule_states.c.state))}


def put(conn: Connection, key: str, state: Mapping[str, object], now: datetime) -> None:
    """Remembers `state`."""
    upsert(conn, rule_states, {"key": key, "state": dict(state), "updated_at": now})


def put_all(conn: Connection, states: Mapping[str, Mapping[str, object]], now: datetime) -> None:
    """Remembers each of these states."""
    upsert_all(
        conn,
        rule_states,
        [{"key": key, "state": dict(state), "updated_at": now} for key, state in states.items()],
    )


@dataclass(frozen=True, slots=True)
class Orphan:
    """A state whose rule or device is no longer in the registry."""

    key: str
    updated_at: datetime


def orphans(conn: Connection, before: datetime) -> list[Orphan]:
    """Those that were not written since `before`: whoever comes back until then goes on from his state."""
    known = {
        noun: set(conn.execute(select(entries.c.id).where(entries.c.noun == noun)).scalars())
        for noun in ("rule", "device")
    }
    rows = conn.execute(
        select(rule_states.c.key, rule_states.c.updated_at).where(rule_states.c.updated_at < before)
    )
    found = []
    for row in rows:
        rule, _, rest = row.key.partition("/")
        if rule not in known["rule"] or rest.partition("/")[0] not in known["device"]:
            found.append(Orphan(row.key, row.updated_at))
    return found


def due(found: Sequence[Orphan]) -> list[Purged]:
    """What forget() deletes of these."""
    times = [each.updated_at for each in found]
    return [Purged("rule-states", len(found), min(times), max(times))] if times else []


def forget(conn: Connection, found: Sequence[Orphan]) -> int:
    """Deletes these; answers how many."""
    keys = [each.key for each in found]
    for start in range(0, len(keys), CHUNK):
        conn.execute(delete(rule_states).where(rule_states.c.key.in_(keys[start : start + CHUNK])))
    return len(keys)
