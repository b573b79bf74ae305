"""Rule states: what a sensor rule remembers; committed with the readings it came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import rule_states
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


def forget(conn: Connection, key: str) -> None:
    """The rule or the device is gone."""
    conn.execute(delete(rule_states).where(rule_states.c.key == key))
