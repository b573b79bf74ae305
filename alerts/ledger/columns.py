"""Columns: how instants, id sets and JSON are stored, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970; raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        msg = "an instant needs a time zone"
        raise ValueError(msg)
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The instant of `to_ms()`, in UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, stored as milliseconds since 1970: small, exact, and in order on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Into the database."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Out of the database."""
        return None if value is None else from_ms(value)


def join_ids(ids: Iterable[str]) -> str:
    """A set of ids as `,a,b,`, so that SQL can ask for one of them with LIKE; empty for none."""
    kept = sorted(set(ids))
    return f",{','.join(kept)}," if kept else ""


def split_ids(stored: str) -> list[str]:
    """What join_ids() wrote."""
    return [each for each in stored.split(",") if each]
