"""Sending: whoever is to be told has a row that says so, and no row tells of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from sqlalchemy import and_, exists, func, or_, select, true
from sqlalchemy.engine import Connection

from alerts.ledger.checks.violation import Violation
from alerts.ledger.notice_tables import deliveries, notices
from alerts.ledger.sieve import visible_events
from alerts.ledger.tables import events, incidents, outbox, webhooks
from alerts.sight import Sight

SKEW = timedelta(minutes=1)
"""Clocks of several hubs on one ledger: an event so much younger than a webhook was surely written after it."""


def outbox_of_nothing(conn: Connection) -> Iterator[Violation]:
    """What still has to go somewhere is there to be sent."""
    rows = conn.execute(
        select(outbox.c.hook, outbox.c.seq)
        .where(outbox.c.state == "pending", ~exists().where(events.c.seq == outbox.c.seq))
        .order_by(outbox.c.hook, outbox.c.seq)
    )
    for hook, seq in rows:
        yield Violation("outbox-without-event", f"{seq}.{hook}", "the event is no longer kept")


def outbox_missing(conn: Connection) -> Iterator[Violation]:
    """Every event that a webhook wants and may see has its row, from the first row of that webhook on.

    What came before its first row is asked when it is clearly younger than the webhook.
    """
    hooks = conn.execute(
        select(webhooks.c.id, webhooks.c.types, webhooks.c.sight, webhooks.c.created_at)
        .where(webhooks.c.state == "on")
        .order_by(webhooks.c.id)
    ).all()
    for hook in hooks:
        first = conn.execute(select(func.min(outbox.c.seq)).where(outbox.c.hook == hook.id)).scalar()
        sight = Sight.of(cast("Mapping[str, list[str] | None]", hook.sight))
        reader = replace(
            sight, nouns=sight.nouns | {"event"}
        )  # a webhook needs no right to the log as a whole
        since = events.c.at > hook.created_at + SKEW
        rows = conn.execute(
            select(events.c.seq)
            .where(
                since if first is None else or_(since, events.c.seq >= first),
                events.c.type.in_(hook.types) if hook.types else true(),
                visible_events(reader, events),
                ~exists().where(and_(outbox.c.hook == hook.id, outbox.c.seq == events.c.seq)),
            )
            .order_by(events.c.seq)
        )
        for seq in rows.scalars():
            yield Violation("outbox-missing", f"{seq}.{hook.id}", "the webhook wants it and will not get it")


def notices_of_nothing(conn: Connection) -> Iterator[Violation]:
    """A notice speaks for incidents that are there, and no more of them are open than it names."""
    known = set(conn.execute(select(incidents.c.id)).scalars())
    rows = conn.execute(select(notices.c.id, notices.c.incidents, notices.c.open).order_by(notices.c.id))
    for key, named, open_ in rows:
        for incident in named:
            if incident not in known:
                yield Violation(
                    "notice-of-nothing", key, f"speaks for incident {incident}, which is not there"
                )
        if not 0 <= open_ <= len(named):
            yield Violation("notice-of-nothing", key, f"{open_} of {len(named)} incidents are open")


def deliveries_fit(conn: Connection) -> Iterator[Violation]:
    """A delivery belongs to a notice, and what was sent says when."""
    rows = conn.execute(
        select(deliveries.c.notice, deliveries.c.channel)
        .where(~exists().where(notices.c.id == deliveries.c.notice))
        .order_by(deliveries.c.notice, deliveries.c.channel)
    )
    for notice, channel in rows:
        yield Violation("delivery-of-nothing", f"{notice}/{channel}", "its notice is not there")
    rows = conn.execute(
        select(deliveries.c.notice, deliveries.c.channel)
        .where(deliveries.c.state == "sent", deliveries.c.done_at.is_(None))
        .order_by(deliveries.c.notice, deliveries.c.channel)
    )
    for notice, channel in rows:
        yield Violation("delivery-state", f"{notice}/{channel}", "sent, but nobody knows when")
