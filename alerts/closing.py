"""Closing: a case whose condition is watched is over only when the condition is truly gone; pure.

`prove()` is asked when the last step is to be completed. It answers what the closing entry of the history keeps:
for each incident what was before (value, limit, digests of the pictures) and what is now (value, since when).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ingest.duration import format_duration
from ingest.errors import Conflict
from ingest.instant import format_instant

CLEAR_FOR = timedelta(seconds=60)
"""How long a condition must have been clear before its case may close, unless the workflow says otherwise."""

REOPEN_WITHIN = timedelta(hours=24)
"""How long after closing the same condition reopens the case, unless the route says otherwise."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What closing asks of one incident.

    Attributes:
        incident: ULID.
        condition: Word of the catalogue.
        place: Site, site/zone or device.
        state: open or cleared.
        stale: Open, but nobody knows whether it still holds.
        raised_at: UTC.
        value: The newest value at which it held, None where there is none.
        limit: The limit that was passed.
        cleared_at: UTC, None while open.
        cleared_value: The value that cleared it, None where there is none.
        pictures: sha256 of its evidence, by file name.
    """

    incident: str
    condition: str
    place: str
    state: Literal["open", "cleared"]
    stale: bool
    raised_at: datetime
    value: float | None
    limit: float | None
    cleared_at: datetime | None
    cleared_value: float | None
    pictures: Mapping[str, str] = field(default_factory=dict)


def prove(
    number: str, watched: Iterable[Watched], *, clear_for: timedelta, now: datetime
) -> dict[str, object] | None:
    """Before and after of each incident, None for a case that nothing watches.

    Raises Conflict, naming the incident and what to wait for, while one is open or stale or was not clear for
    `clear_for`.
    """
    before_and_after = [_proof(number, each, clear_for, now) for each in watched]
    return {"incidents": before_and_after} if before_and_after else None


def _proof(number: str, each: Watched, clear_for: timedelta, now: datetime) -> dict[str, object]:
    what = f"incident {each.incident} ({each.condition} at {each.place})"
    if each.state == "open" or each.cleared_at is None:
        state = "stale: nobody knows whether it still holds" if each.stale else "still open"
        raise Conflict(
            f"case {number} cannot close: {what} is {state}",
            where="action",
            mend=f"wait until it has been clear for {format_duration(clear_for)}, or close it as a false alarm",
        )
    since = now - each.cleared_at
    if since < clear_for:
        raise Conflict(
            f"case {number} cannot close yet: {what} has been clear since {format_instant(each.cleared_at)} "
            f"only, {format_duration(clear_for)} are needed",
            where="action",
            mend=f"try again at {format_instant(each.cleared_at + clear_for)}",
        )
    return {
        "incident": each.incident,
        "condition": each.condition,
        "place": each.place,
        "before": {
            "at": format_instant(each.raised_at),
            "value": each.value,
            "limit": each.limit,
            "sha256": dict(sorted(each.pictures.items())),
        },
        "after": {"at": format_instant(each.cleared_at), "value": each.cleared_value},
    }
