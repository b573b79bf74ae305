"""Tally: what the ledger holds, counted: for the demo's closing table, for metrics and for tests."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, func, select
from sqlalchemy.engine import Connection

from alerts.ledger import devices, events, outbox
from alerts.ledger.tables import cases, incidents, readings
from alerts.ledger.tables import events as event_rows


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts.

    Attributes:
        cameras: Device → received, decoded, analysed, dropped, as devices.put_counters() stored them.
        readings: Device → readings.
        incidents: State → incidents.
        cases: State → cases.
        events: Type → events that are kept.
        head: The newest seq.
        delivered: Webhook deliveries that were answered 2xx.
        pending: Webhook deliveries that still wait.
    """

    cameras: dict[str, dict[str, int]]
    readings: dict[str, int]
    incidents: dict[str, int]
    cases: dict[str, int]
    events: dict[str, int]
    head: int
    delivered: int
    pending: int


def counts(conn: Connection) -> Tally:
    """Everything, counted now."""
    return Tally(
        cameras={
            device: dict(state.counters)
            for device, state in devices.all_states(conn).items()
            if state.counters
        },
        readings=_by(conn, readings.c.device),
        incidents=_by(conn, incidents.c.state),
        cases=_by(conn, cases.c.state),
        events=_by(conn, event_rows.c.type),
        head=events.head(conn),
        delivered=outbox.count(conn, "delivered"),
        pending=outbox.count(conn, "pending"),
    )


def _by(conn: Connection, column: Column[str]) -> dict[str, int]:
    rows = conn.execute(select(column, func.count()).group_by(column).order_by(column))
    return {str(word): int(number) for word, number in rows}
