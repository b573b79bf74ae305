"""Receivers: how the last attempt at each webhook and channel went, since when, and how much waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.channel import Outcome
from alerts.ledger.notice_tables import deliveries
from alerts.ledger.receiver_tables import receivers
from alerts.ledger.tables import outbox, webhooks
from ingest.instant import format_instant

ReceiverKind = Literal["webhook", "channel"]

DEAD: Mapping[ReceiverKind, str] = {"webhook": "dropped", "channel": "dead"}
"""The state of a dead letter, in the outbox and among the deliveries."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One receiver.

    Attributes:
        reason: Of its last attempt, with what it answered: `server-error (500)`.
        since: Since when it is that.
        failing_since: Since when it took nothing; None while it takes.
    """

    reason: str
    since: datetime
    failing_since: datetime | None

    def as_dict(self) -> dict[str, object]:
        """`{"reason", "since", "failing_since"}`, as it is sent."""
        failing = format_instant(self.failing_since)
        return {"reason": self.reason, "since": format_instant(self.since), "failing_since": failing}


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits for one receiver, and whether it takes anything."""

    kind: ReceiverKind
    id: str
    pending: int
    dead: int
    failing: bool


def standing(conn: Connection, kind: ReceiverKind, key: str) -> Standing | None:
    """How it stands; None before its first attempt."""
    row = conn.execute(select(receivers).where(receivers.c.kind == kind, receivers.c.id == key)).one_or_none()
    return None if row is None else Standing(row.reason, row.since, row.failing_since)


def note(conn: Connection, kind: ReceiverKind, key: str, outcome: Outcome, now: datetime) -> Standing:
    """An attempt was made; answers how the receiver stands now. Writes only what changed."""
    before = standing(conn, kind, key)
    reason = outcome.reason if outcome.ok else str(outcome)
    failing = None if outcome.ok else (before.failing_since if before else None) or now
    same = before is not None and before.reason == reason
    after = Standing(reason, before.since if before is not None and same else now, failing)
    values = {"reason": after.reason, "since": after.since, "failing_since": after.failing_since}
    if before is None:
        conn.execute(insert(receivers).values(kind=kind, id=key, **values))
    elif before != after:
        conn.execute(
            update(receivers).where(receivers.c.kind == kind, receivers.c.id == key).values(**values)
        )
    return after


def forget(conn: Connection, kind: ReceiverKind, key: str) -> None:
    """The receiver is no longer there."""
    conn.execute(delete(receivers).where(receivers.c.kind == kind, receivers.c.id == key))


def failing(conn: Connection, kind: ReceiverKind) -> dict[str, str]:
    """Receivers that do not take anything now, with the reason; a webhook that was turned off among them."""
    rows = conn.execute(
        select(receivers.c.id, receivers.c.reason)
        .where(receivers.c.kind == kind, receivers.c.failing_since.is_not(None))
        .order_by(receivers.c.id)
    )
    return {str(key): str(reason) for key, reason in rows}


def figures(conn: Connection) -> list[Figures]:
    """Every webhook and every channel that has something to do with a delivery, by kind and id."""
    found: list[Figures] = []
    tables: tuple[tuple[ReceiverKind, Table, ColumnElement[str]], ...] = (
        ("webhook", outbox, outbox.c.hook),
        ("channel", deliveries, deliveries.c.channel),
    )
    for kind, table, column in tables:
        waiting: dict[str, dict[str, int]] = {key: {} for key in failing(conn, kind)}
        if kind == "webhook":
            waiting |= {str(key): {} for key in conn.execute(select(webhooks.c.id)).scalars()}
        open_states = ("pending", DEAD[kind])
        rows = conn.execute(
            select(column, table.c.state, func.count())
            .where(table.c.state.in_(open_states))
            .group_by(column, table.c.state)
        )
        for key, state, number in rows:
            waiting.setdefault(str(key), {})[str(state)] = int(number)
        bad = failing(conn, kind)
        found += [
            Figures(kind, key, counted.get("pending", 0), counted.get(DEAD[kind], 0), key in bad)
            for key, counted in sorted(waiting.items())
        ]
    return found
