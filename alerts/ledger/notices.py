"""Notices in the ledger: written with what gave the reason, one delivery for each channel."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from alerts.ledger.notice_tables import deliveries, notice_incidents, notices
from alerts.ledger.sieve import stands
from alerts.notice import Notice


def add(conn: Connection, notice: Notice) -> None:
    """A new notice, due at once on each of its channels."""
    conn.execute(
        insert(notices).values(
            id=notice.id,
            at=notice.at,
            why=notice.why,
            addressee=notice.addressee,
            group_key=notice.group,
            route=notice.route,
            incidents=list(notice.incidents),
            open=notice.open,
            severity=notice.severity,
            title=notice.title.as_dict(),
            **stands(notice.place),
        )
    )
    if notice.incidents:
        conn.execute(
            insert(notice_incidents),
            [{"notice": notice.id, "incident": each} for each in dict.fromkeys(notice.incidents)],
        )
    if notice.channels:
        conn.execute(
            insert(deliveries),
            [
                {
                    "notice": notice.id,
                    "channel": channel,
                    "state": "pending",
                    "attempts": 0,
                    "next_at": notice.at,
                    "reason": "",
                }
                for channel in notice.channels
            ],
        )


def of_group(conn: Connection, group: str) -> int:
    """How many notices a group has."""
    query = select(func.count()).select_from(notices).where(notices.c.group_key == group)
    return int(conn.execute(query).scalar_one())
