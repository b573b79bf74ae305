"""Watches in the ledger: when an incident is to be looked at again, and what was told of it, each step once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from alerts.ledger.duty_tables import tellings, watches
from alerts.ledger.notice_tables import deliveries, notice_incidents
from alerts.ledger.upsert import add_missing, put

Kind = Literal["chain", "room"]


@dataclass(frozen=True, slots=True)
class Watch:
    """What one incident waits for.

    Attributes:
        incident: Its id.
        kind: chain: that nobody acknowledges; room: that nobody is there.
        due_at: When to look at it (UTC); None: only when something becomes of the incident.
        since: From when its time counts (UTC).
        episode: How often it began anew: each end of an acknowledgement is a beginning.
        told: How many steps of this episode were told or passed over.
        chain: Id of the chain it follows.
        life: Lives are at stake: it is looked at before all others.
    """

    incident: str
    kind: Kind
    due_at: datetime | None
    since: datetime
    episode: int = 0
    told: int = 0
    chain: str | None = None
    life: bool = False


def of_incident(conn: Connection, incident: str) -> dict[Kind, Watch]:
    """Everything that an incident waits for."""
    rows = conn.execute(select(watches).where(watches.c.incident_id == incident))
    return {row.kind: Watch(*row) for row in rows}


def due(conn: Connection, now: datetime, most: int) -> list[Watch]:
    """What is due: life first, then what has waited longest."""
    query = select(watches).where(watches.c.due_at <= now)
    query = query.order_by(
        watches.c.life.desc(), watches.c.due_at, watches.c.incident_id, watches.c.kind
    ).limit(most)
    return [Watch(*row) for row in conn.execute(query)]


def save(conn: Connection, watch: Watch) -> None:
    """A new one, or what became of it."""
    put(
        conn,
        watches,
        {
            "incident_id": watch.incident,
            "kind": watch.kind,
            "due_at": watch.due_at,
            "since": watch.since,
            "episode": watch.episode,
            "told": watch.told,
            "chain": watch.chain,
            "life": watch.life,
        },
    )


def drop(conn: Connection, incident: str) -> None:
    """The incident is over: it waits for nothing."""
    conn.execute(delete(watches).where(watches.c.incident_id == incident))


def claim(
    conn: Connection,
    watch: Watch,
    step: int,
    *,
    now: datetime,
    users: Sequence[str],
    channels: Sequence[str],
) -> bool:
    """Writes down that a step is told; False when it was before, and must not be told again."""
    row = {
        "incident_id": watch.incident,
        "kind": watch.kind,
        "episode": watch.episode,
        "step": step,
        "at": now,
        "users": list(users),
        "channels": list(channels),
    }
    return bool(add_missing(conn, tellings, [row]))


def told_users(conn: Connection, watch: Watch) -> frozenset[str]:
    """Who was told of the incident in this episode."""
    rows = conn.execute(
        select(tellings.c.users).where(
            tellings.c.incident_id == watch.incident, tellings.c.episode == watch.episode
        )
    )
    return frozenset(user for users in rows.scalars() for user in users)


def used_channels(conn: Connection, incident: str) -> frozenset[str]:
    """The channels by which somebody was told of the incident before."""
    rows = conn.execute(
        select(deliveries.c.channel)
        .join(notice_incidents, notice_incidents.c.notice == deliveries.c.notice)
        .where(notice_incidents.c.incident == incident)
        .distinct()
    )
    return frozenset(rows.scalars())
