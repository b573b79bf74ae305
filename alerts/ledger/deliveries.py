"""Deliveries: which notice still has to go to which channel; the rows are made with the notice (notices.add)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Row, bindparam, exists, func, select, update
from sqlalchemy.engine import Connection

from alerts.channel import Outcome
from alerts.ledger.notice_tables import deliveries, notices
from alerts.notice import Why
from detectors.signal import Severity
from ingest.text import Text


@dataclass(frozen=True, slots=True)
class Due:
    """One notice that is due at one channel; see alerts.notice.Notice for what the names mean."""

    notice: str
    channel: str
    attempts: int
    at: datetime
    why: Why
    severity: Severity
    title: Text
    area: str | None
    site: str | None
    incidents: tuple[str, ...]
    open: int

    @property
    def message_id(self) -> str:
        """`<notice>.<channel>`: the same at every try."""
        return f"{self.notice}.{self.channel}"


_before, _told = deliveries.alias("before"), notices.alias("told")
_HELD = exists().where(
    _told.c.group_key == notices.c.group_key,
    _told.c.group_key != "",
    _told.c.id < notices.c.id,
    # Within, so that it is asked of the notices of this one group, and not of all that wait.
    exists().where(
        _before.c.notice == _told.c.id, _before.c.channel == bindparam("to"), _before.c.state == "pending"
    ),
)
"""Another notice of the same group has to go there first."""
_DUE = (
    deliveries.c.state == "pending",
    deliveries.c.channel == bindparam("to"),
    deliveries.c.next_at <= bindparam("now", type_=deliveries.c.next_at.type),
)
_NEXT = (
    select(
        deliveries.c.notice,
        deliveries.c.channel,
        deliveries.c.attempts,
        notices.c.at,
        notices.c.why,
        notices.c.severity,
        notices.c.title,
        notices.c.area,
        notices.c.site,
        notices.c.incidents,
        notices.c.open,
    )
    .join(notices, notices.c.id == deliveries.c.notice)
    .where(*_DUE, ~_HELD)
    .order_by(deliveries.c.rank, deliveries.c.notice)
    .limit(1)
)
"""In the order of an index, so that it costs as much when thousands wait."""
_WAITING = select(deliveries.c.channel).where(deliveries.c.state == "pending").distinct()
_ANY = select(deliveries.c.notice).where(*_DUE).limit(1)


def next_of(conn: Connection, channel: str, now: datetime) -> Due | None:
    """What is due at a channel: life safety first, then the oldest; of one group never the later one first."""
    row = conn.execute(_NEXT, {"to": channel, "now": now}).one_or_none()
    return None if row is None else _due(row)


def next_at(conn: Connection, channel: str) -> datetime | None:
    """When something is due at a channel; None when nothing waits."""
    found: datetime | None = conn.execute(
        select(func.min(deliveries.c.next_at)).where(
            deliveries.c.state == "pending", deliveries.c.channel == channel
        )
    ).scalar()
    return found


def channels(conn: Connection, due_at: datetime | None = None) -> list[str]:
    """Channels that something waits for; with `due_at`, that something is due for then."""
    waiting = sorted(str(each) for each in conn.execute(_WAITING).scalars())
    if due_at is None:
        return waiting
    return [each for each in waiting if conn.execute(_ANY, {"to": each, "now": due_at}).first()]


def sent(conn: Connection, due: Due, outcome: Outcome, now: datetime) -> None:
    """The channel took it."""
    reason = "" if outcome.reason == "sent" else str(outcome)
    _set(conn, due, state="sent", reason=reason, done_at=now)


def failed(conn: Connection, due: Due, outcome: Outcome, next_try: datetime) -> None:
    """It will be tried again."""
    _set(conn, due, reason=str(outcome), next_at=next_try)


def dead(conn: Connection, due: Due, reason: str, now: datetime) -> None:
    """It is a dead letter: not tried again unless somebody asks for it."""
    _set(conn, due, state="dead", reason=reason, done_at=now)


def dead_all(conn: Connection, channel: str, reason: str, now: datetime) -> None:
    """Everything that waits for a channel is a dead letter."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.channel == channel, deliveries.c.state == "pending")
        .values(state="dead", reason=reason, done_at=now)
    )


def _due(row: Row[*tuple[object, ...]]) -> Due:
    return Due(
        notice=row.notice,
        channel=row.channel,
        attempts=row.attempts,
        at=row.at,
        why=cast("Why", row.why),
        severity=cast("Severity", row.severity),
        title=Text(row.title["zh"], row.title["en"]),
        area=row.area,
        site=row.site,
        incidents=tuple(row.incidents),
        open=row.open,
    )


def _set(conn: Connection, due: Due, **changes: object) -> None:
    """Changes a row that is pending, and counts the attempt."""
    conn.execute(
        update(deliveries)
        .where(
            deliveries.c.notice == due.notice,
            deliveries.c.channel == due.channel,
            deliveries.c.state == "pending",
        )
        .values(attempts=deliveries.c.attempts + 1, **changes)
    )
