"""Events: the log. Every push, list and webhook is made of these rows and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.engine import Connection

from alerts.event import Event, EventType
from alerts.ledger import counters, outbox
from alerts.ledger.page import Page, limit_of
from alerts.ledger.purges import Purged
from alerts.ledger.sieve import standing, stands, visible_events
from alerts.ledger.tables import events
from alerts.sight import Sight, Visibility
from ingest.errors import TooOld

_APPEND = insert(events)


class New(NamedTuple):
    """An event to be written under a number that was taken for it.

    Attributes:
        seq: Its number.
        type: Of the contract.
        noun: Decides who sees it: incident, case, device, …
        at: When (UTC).
        data: The Incident, Case or Device as of this transaction, its `id` among it.
        place: Where it stands.
    """

    seq: int
    type: EventType
    noun: str
    at: datetime
    data: Mapping[str, object]
    place: Visibility


def append(
    conn: Connection,
    type: EventType,  # noqa: A002 - the word of the contract
    at: datetime,
    data: Mapping[str, object],
    visibility: Visibility,
    *,
    noun: str | None = None,
) -> int:
    """Writes one event and the outbox rows of the webhooks that may see it; answers its seq.

    `noun` decides who sees it; by default the word before the dot of `type`.
    """
    seq = counters.take(conn, counters.EVENTS)
    write(conn, [New(seq, type, noun or type.partition(".")[0], at, data, visibility)])
    return seq


def append_all(
    conn: Connection,
    type: EventType,  # noqa: A002 - the word of the contract
    at: datetime,
    new: Sequence[tuple[Mapping[str, object], Visibility, str]],
) -> None:
    """Writes many events of one type, each given as (data, where it stands, noun), in few statements."""
    if not new:
        return
    first = counters.take(conn, counters.EVENTS, len(new)) - len(new) + 1
    write(conn, [New(first + n, type, noun, at, data, place) for n, (data, place, noun) in enumerate(new)])


def write(conn: Connection, new: Sequence[New]) -> None:
    """Writes events, and the outbox rows of the webhooks that may see them."""
    conn.execute(
        _APPEND,
        [
            {
                "seq": each.seq,
                "type": each.type,
                "noun": each.noun,
                "subject": str(each.data.get("id", "")),
                "at": each.at,
                "data": dict(each.data),
                **stands(each.place),
            }
            for each in new
        ],
    )
    outbox.spread(conn, [(each.seq, each.type, each.noun, each.place, each.at) for each in new])


def head(conn: Connection) -> int:
    """The newest seq, 0 before the first event."""
    return counters.value(conn, counters.EVENTS)


def oldest(conn: Connection) -> int:
    """The oldest seq that is kept; one after the head when none is."""
    found = conn.execute(select(func.min(events.c.seq))).scalar()
    return head(conn) + 1 if found is None else int(found)


def after(conn: Connection, seq: int, limit: int, sight: Sight) -> list[Event]:
    """Up to `limit` events after `seq` that this reader may see, in order; 0 means from the oldest kept.

    Raises TooOld when events after `seq` were deleted by retention.
    """
    first = oldest(conn)
    if 0 < seq < first - 1:
        raise TooOld(f"events up to {first - 1} are no longer kept", oldest=first)
    rows = conn.execute(
        select(events)
        .where(events.c.seq > seq, visible_events(sight, events))
        .order_by(events.c.seq)
        .limit(limit)
    )
    return [_event(row) for row in rows]


def page(conn: Connection, sight: Sight, *, after_seq: int = 0, limit: int = 100) -> Page:
    """The log as `GET /events` answers it: `next` is the last seq that was looked at, as text.

    It moves on over events that the reader may not see, so that nobody reads them again and again.
    """
    found = after(conn, after_seq, limit_of(limit), sight)
    last = found[-1].seq if len(found) == limit else max(head(conn), after_seq)
    return Page([each.as_dict() for each in found], str(last))


def about(conn: Connection, subject: str) -> list[Event]:
    """Every event about one incident, case or device, in order."""
    rows = conn.execute(select(events).where(events.c.subject == subject).order_by(events.c.seq))
    return [_event(row) for row in rows]


def forget(conn: Connection, before: datetime, *, dead_since: datetime | None = None) -> int:
    """Deletes the events up to the last one older than `before`; answers how many.

    The newest stays, and so does everything from the first that still has to go to a webhook, or is a dead letter
    since `dead_since` (default `before`) or later: the log has no holes, only a beginning.
    """
    last = _last(conn, before, dead_since)
    if last is None:
        return 0
    outbox.forget(conn, last)
    return conn.execute(delete(events).where(events.c.seq <= last)).rowcount


def due(conn: Connection, before: datetime, *, dead_since: datetime | None = None) -> list[Purged]:
    """What forget() deletes."""
    last = _last(conn, before, dead_since)
    if last is None:
        return []
    row = conn.execute(
        select(
            func.count().label("n"),
            func.min(events.c.at).label("since"),
            func.max(events.c.at).label("until"),
        ).where(events.c.seq <= last)
    ).one()
    return [Purged("events", row.n, row.since, row.until)]


def _last(conn: Connection, before: datetime, dead_since: datetime | None) -> int | None:
    """The newest event that may go; None when none may."""
    waiting = outbox.oldest_needed(conn, dead_since or before)
    end = head(conn) if waiting is None else min(head(conn), waiting)
    found = conn.execute(
        select(func.max(events.c.seq)).where(events.c.at < before, events.c.seq < end)
    ).scalar()
    return None if found is None else int(found)


def _event(row: Row[tuple[object, ...]]) -> Event:
    return Event(
        seq=row.seq,
        type=cast("EventType", row.type),
        at=row.at,
        data=row.data,
        noun=row.noun,
        visibility=standing(row.area, row.site_kind, row.site, row.units),
    )
