"""Outbox: which event still has to go to which webhook; written in the transaction of the event itself.

A row is pending, delivered, or dropped: a dead letter, which keeps its event for 30 days and can be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.event import Event, EventType
from alerts.ledger.sieve import standing
from alerts.ledger.tables import events, outbox, webhooks
from alerts.sight import Sight, Visibility


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event that is due at one webhook.

    Attributes:
        hook: Id of the webhook.
        url: Where to.
        secret: As stored (encrypted by who stored it).
        seq: Of the event.
        attempts: How often it was tried.
        refusals: How often it was refused for good.
        next_at: Before that it is not tried again.
        event: What to send.
    """

    hook: str
    url: str
    secret: str
    seq: int
    attempts: int
    refusals: int
    next_at: datetime
    event: Event


_HOOKS = select(webhooks.c.id, webhooks.c.types, webhooks.c.sight).where(webhooks.c.state == "on")

_ADD = insert(outbox)


def spread(conn: Connection, new: Iterable[tuple[int, EventType, str, Visibility, datetime]]) -> None:
    """One row for every webhook that wants an event and may see it; each is (seq, type, noun, where, when)."""
    hooks = [
        (row.id, row.types, Sight.of(cast("Mapping[str, list[str] | None]", row.sight)))
        for row in conn.execute(_HOOKS)
    ]
    rows = [
        {"hook": hook, "seq": seq, "state": "pending", "attempts": 0, "next_at": at, "reason": ""}
        for seq, kind, noun, place, at in new
        for hook, types, sight in hooks
        if (not types or kind in types) and sight.sees(noun, place)
    ]
    if rows:
        conn.execute(_ADD, rows)


def hooks_on(conn: Connection) -> list[str]:
    """Ids of the webhooks that are told."""
    rows = conn.execute(select(webhooks.c.id).where(webhooks.c.state == "on").order_by(webhooks.c.id))
    return [str(key) for key in rows.scalars()]


def hooks_waiting(conn: Connection) -> list[str]:
    """Ids of the webhooks that something waits for, due or not."""
    rows = conn.execute(select(outbox.c.hook).where(outbox.c.state == "pending").distinct())
    return [str(key) for key in rows.scalars()]


def pending_of(conn: Connection, hook: str, limit: int = 50) -> list[Delivery]:
    """The oldest pending events of one webhook that is on, in order: to be sent one after the other."""
    rows = conn.execute(
        select(
            outbox.c.hook,
            outbox.c.attempts,
            outbox.c.refusals,
            outbox.c.next_at,
            webhooks.c.url,
            webhooks.c.secret,
            events.c.seq,
            events.c.type,
            events.c.noun,
            events.c.at,
            events.c.area,
            events.c.site_kind,
            events.c.site,
            events.c.units,
            events.c.data,
        )
        .join(webhooks, webhooks.c.id == outbox.c.hook)
        .join(events, events.c.seq == outbox.c.seq)
        .where(outbox.c.hook == hook, outbox.c.state == "pending", webhooks.c.state == "on")
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    return [
        Delivery(
            hook=row.hook,
            url=row.url,
            secret=row.secret,
            seq=row.seq,
            attempts=row.attempts,
            refusals=row.refusals,
            next_at=row.next_at,
            event=Event(
                row.seq, row.type, row.at, row.data, row.noun,
                standing(row.area, row.site_kind, row.site, row.units),
            ),
        )
        for row in rows
    ]  # fmt: skip


def delivered(conn: Connection, hook: str, seq: int) -> None:
    """The receiver said 2xx."""
    _set(conn, hook, seq, state="delivered", reason="")


def failed(
    conn: Connection, hook: str, seq: int, *, reason: str, next_at: datetime, refused: bool = False
) -> None:
    """It will be tried again at `next_at`; everything after it waits."""
    more = outbox.c.refusals + int(refused)
    _set(conn, hook, seq, reason=reason, next_at=next_at, attempts=outbox.c.attempts + 1, refusals=more)


def dropped(conn: Connection, hook: str, seq: int, *, reason: str, now: datetime) -> None:
    """It is a dead letter: not tried again unless somebody asks for it; the reason stays."""
    _set(conn, hook, seq, state="dropped", reason=reason, attempts=outbox.c.attempts + 1, done_at=now)


def drop_all(conn: Connection, hook: str, *, reason: str, now: datetime) -> None:
    """Everything that waits for a webhook is a dead letter."""
    conn.execute(
        update(outbox)
        .where(outbox.c.hook == hook, outbox.c.state == "pending")
        .values(state="dropped", reason=reason, done_at=now)
    )


def count(conn: Connection, state: str = "pending") -> int:
    """How many rows are in this state, over all webhooks."""
    return int(conn.execute(select(func.count()).where(outbox.c.state == state)).scalar_one())


def oldest_needed(conn: Connection, dead_since: datetime) -> int | None:
    """The oldest seq that still has to go somewhere, or is a dead letter since `dead_since` or later."""
    found = conn.execute(
        select(func.min(outbox.c.seq)).where(
            (outbox.c.state == "pending") | ((outbox.c.state == "dropped") & (outbox.c.done_at >= dead_since))
        )
    ).scalar()
    return None if found is None else int(found)


def forget(conn: Connection, up_to: int) -> None:
    """Deletes the finished rows up to a seq."""
    conn.execute(delete(outbox).where(outbox.c.seq <= up_to, outbox.c.state != "pending"))


def _set(conn: Connection, hook: str, seq: int, **changes: object) -> None:
    """Changes a row that is pending: one that was taken out or has gone meanwhile stays as it is."""
    conn.execute(
        update(outbox)
        .where(outbox.c.hook == hook, outbox.c.seq == seq, outbox.c.state == "pending")
        .values(**changes)
    )
