"""Duty rows: each step told once, and none told that was not claimed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, func, select
from sqlalchemy.engine import Connection

from alerts.ledger.checks.violation import Violation
from alerts.ledger.duty_tables import tellings
from alerts.ledger.notice_tables import notice_incidents, notices

ONCE = ("not-acknowledged", "room-empty", "first-told")
"""Reasons that one addressee is given once for each step (which is in the group's key) and incident."""


def told_once(conn: Connection) -> Iterator[Violation]:
    """No step of an escalation, no empty room and no keeper's notice stands there twice."""
    twice = (
        select(notices.c.group_key, notices.c.addressee, notice_incidents.c.incident)
        .join(notice_incidents, notice_incidents.c.notice == notices.c.id)
        .where(notices.c.why.in_(ONCE))
        .group_by(notices.c.group_key, notices.c.addressee, notice_incidents.c.incident)
        .having(func.count() > 1)
        .order_by(notice_incidents.c.incident)
    )
    for group, addressee, incident in conn.execute(twice):
        yield Violation("told-twice", incident, f"{addressee} was told twice of {group}")


def claimed(conn: Connection) -> Iterator[Violation]:
    """What was told because nobody acknowledged, or nobody was there, was claimed by its key."""
    for why, kind in (("not-acknowledged", "chain"), ("room-empty", "room")):
        rows = conn.execute(
            select(notices.c.id, notice_incidents.c.incident)
            .join(notice_incidents, notice_incidents.c.notice == notices.c.id)
            .where(
                notices.c.why == why,
                ~exists().where(
                    tellings.c.incident_id == notice_incidents.c.incident, tellings.c.kind == kind
                ),
            )
            .order_by(notices.c.id)
        )
        for notice, incident in rows:
            yield Violation("told-unclaimed", notice, f"nobody claimed to tell of {incident}")
