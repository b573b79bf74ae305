"""Signals: the newest (epoch, n) applied of each (rule, place, device): what makes applying idempotent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from alerts.ledger.tables import signal_marks
from alerts.ledger.upsert import put


def last(conn: Connection, rule: str, place: str, device: str) -> tuple[int, int] | None:
    """(epoch, n) of the newest signal that was applied, None before the first."""
    row = conn.execute(
        select(signal_marks.c.epoch, signal_marks.c.n).where(
            signal_marks.c.rule == rule, signal_marks.c.place == place, signal_marks.c.device == device
        )
    ).one_or_none()
    return None if row is None else (row.epoch, row.n)


def mark(conn: Connection, rule: str, place: str, device: str, *, epoch: int, n: int, at: datetime) -> None:
    """This signal was applied."""
    row = {"rule": rule, "place": place, "device": device, "epoch": epoch, "n": n, "at": at}
    put(conn, signal_marks, row)


def highest_epoch(conn: Connection) -> int:
    """The highest epoch of any signal that was applied, 0 before the first; a new assignment goes above."""
    return int(conn.execute(select(func.max(signal_marks.c.epoch))).scalar() or 0)
