"""Instant: one moment in UTC, written as RFC 3339 with `Z` and milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from typing import overload

from ingest.errors import InvalidInput


@overload
def format_instant(at: datetime) -> str: ...


@overload
def format_instant(at: datetime | None) -> str | None: ...


def format_instant(at: datetime | None) -> str | None:
    """`2026-11-22T08:00:00.000Z`, None for a moment that is not known; raises ValueError for a naive datetime."""
    if at is None:
        return None
    if at.tzinfo is None:
        msg = "an instant needs a time zone"
        raise ValueError(msg)
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"  # a third of what strftime takes


def parse_instant(text: str, *, zone: tzinfo | None = None) -> datetime:
    """The moment an ISO 8601 text names, in UTC.

    A text without a zone is read in `zone`; without either, InvalidInput is raised.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as wrong:
        raise InvalidInput(f"{text!r} is not a time", mend="write 2026-11-22T08:00:00Z") from wrong
    if at.tzinfo is None:
        if zone is None:
            raise InvalidInput(f"{text!r} has no time zone", mend="end it with Z or +08:00")
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The moment a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def from_epoch_ms(milliseconds: float) -> datetime:
    """The moment of a Unix time in milliseconds; raises InvalidInput for one outside years 1970 to 9999."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError) as wrong:
        raise InvalidInput(f"{milliseconds!r} is not a time in milliseconds") from wrong
