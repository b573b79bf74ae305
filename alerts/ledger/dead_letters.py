"""Dead letters: events and notices that were given up, and sending them again with the ids they had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import ColumnElement, String, exists, func, insert, literal, select, union_all, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import Connection

from alerts.ledger import events, registry
from alerts.ledger import webhooks as hooks
from alerts.ledger.columns import from_ms, to_ms
from alerts.ledger.notice_tables import deliveries, notices
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing
from alerts.ledger.tables import events as event_rows
from alerts.ledger.tables import outbox, webhooks
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput, NotFound, TooOld
from ingest.instant import format_instant

Of = Literal["event", "notice"]

MOST = 50_000
"""Events of one replay: a commit must not keep the others waiting for long. Older ones are read from the log."""

FRESH: Mapping[str, object] = {
    "state": "pending",
    "attempts": 0,
    "refusals": 0,
    "reason": "",
    "done_at": None,
}
"""An outbox row as it was before its first try."""


_EVENTS = (
    select(
        (sql_cast(outbox.c.seq, String) + literal(".") + outbox.c.hook).label("id"),
        literal("event").label("of"),
        outbox.c.hook.label("receiver"),
        event_rows.c.type.label("what"),
        outbox.c.reason.label("reason"),
        outbox.c.attempts.label("attempts"),
        event_rows.c.at.label("at"),
        func.coalesce(outbox.c.done_at, event_rows.c.at, type_=event_rows.c.at.type).label("dead_since"),
    )
    .join(event_rows, event_rows.c.seq == outbox.c.seq)
    .where(outbox.c.state == "dropped")
)
_NOTICES = (
    select(
        (deliveries.c.notice + literal(".") + deliveries.c.channel).label("id"),
        literal("notice").label("of"),
        deliveries.c.channel.label("receiver"),
        notices.c.why.label("what"),
        deliveries.c.reason.label("reason"),
        deliveries.c.attempts.label("attempts"),
        notices.c.at.label("at"),
        func.coalesce(deliveries.c.done_at, notices.c.at, type_=notices.c.at.type).label("dead_since"),
    )
    .join(notices, notices.c.id == deliveries.c.notice)
    .where(deliveries.c.state == "dead")
)


def page(
    conn: Connection, sight: Sight, *, of: Of | None = None, limit: int = 100, cursor: str | None = None
) -> Page:
    """Dead letters, the latest first; those of events are there for 30 days at least, those of notices stay."""
    if "delivery" not in sight.nouns:
        return Page()
    parts = {"event": [_EVENTS], "notice": [_NOTICES]}.get(of or "", [_EVENTS, _NOTICES])
    every = union_all(*parts).subquery()
    query = select(every).order_by(every.c.dead_since.desc(), every.c.id.desc()).limit(limit_of(limit) + 1)
    if cursor is not None:
        moment, key = decode(cursor, int, str)
        at = from_ms(cast("int", moment))
        query = query.where((every.c.dead_since < at) | ((every.c.dead_since == at) & (every.c.id < key)))
    rows = conn.execute(query).all()
    found = [
        {
            "id": row.id,
            "of": row.of,
            "receiver": row.receiver,
            "what": row.what,
            "reason": row.reason,
            "attempts": row.attempts,
            "at": format_instant(row.at),
            "dead_since": format_instant(row.dead_since),
        }
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return Page(found, encode(to_ms(rows[limit - 1].dead_since), rows[limit - 1].id) if more else None)


def seen(conn: Connection, sight: Sight, letter: str) -> None:
    """Raises NotFound unless this reader sees such a dead letter."""
    if "delivery" not in sight.nouns or _find(conn, letter) is None:
        raise NotFound(f"no dead letter {letter!r}")


def replay(conn: Connection, letter: str, now: datetime) -> int:
    """Send one dead letter again; raises NotFound, or Conflict when there is nobody to send it to."""
    found = _find(conn, letter)
    if found is None:
        raise NotFound(f"no dead letter {letter!r}")
    of, first, receiver = found
    if of == "event":
        if not _is_on(conn, receiver):
            raise Conflict(
                f"the webhook {receiver} is off",
                mend='its own replay with {"dead": true} turns it on and sends all of its dead letters',
            )
        conn.execute(
            update(outbox)
            .where(outbox.c.hook == receiver, outbox.c.seq == int(first))
            .values(**FRESH, next_at=now)
        )
        _now(conn, receiver, now)
    elif registry.get(conn, "channel", receiver) is None:
        raise Conflict(f"there is no channel {receiver!r} any more", mend="put it back into the registry")
    else:
        conn.execute(
            update(deliveries)
            .where(deliveries.c.notice == first, deliveries.c.channel == receiver)
            .values(state="pending", attempts=0, reason="", done_at=None, next_at=now)
        )
    return 1


def replay_dead(conn: Connection, hook: str, now: datetime) -> int:
    """Send every dead letter of a webhook again; one that was off is on again and gets what it missed."""
    _turn_on(conn, hook, now, missed_from=0)
    conn.execute(
        update(outbox).where(outbox.c.hook == hook, outbox.c.state == "dropped").values(**FRESH, next_at=now)
    )
    return _now(conn, hook, now)


def replay_from(conn: Connection, hook: str, first: int, now: datetime) -> int:
    """Send a webhook again everything that it may see from a seq on, taken or not; one that was off is on again.

    Raises TooOld when some of it is no longer kept, InvalidInput for a seq that is still to come or too long ago.
    """
    oldest, head = events.oldest(conn), events.head(conn)
    if first > head:
        raise InvalidInput(f"the newest event is {head}", where="from_seq", mend="name one that was")
    if first < oldest:
        raise TooOld(f"events up to {oldest - 1} are no longer kept", oldest=oldest)
    if head - first >= MOST:
        mend = "name a later one, and read what is older with GET /events"
        raise InvalidInput(f"more than {MOST} events since then", where="from_seq", mend=mend)
    _turn_on(conn, hook, now, missed_from=first)
    there = (outbox.c.hook == hook, outbox.c.seq >= first)
    conn.execute(update(outbox).where(*there).values(**FRESH, next_at=now))
    _add(conn, hook, _lacking(conn, hook, event_rows.c.seq >= first), now)
    return _now(conn, hook, now)


def _turn_on(conn: Connection, hook: str, now: datetime, *, missed_from: int) -> None:
    """What a webhook missed while it was off goes out from `missed_from` on; what was before is a dead letter."""
    if _is_on(conn, hook):
        return
    first = conn.execute(select(func.min(outbox.c.seq)).where(outbox.c.hook == hook)).scalar()
    since = event_rows.c.at >= select(webhooks.c.created_at).where(webhooks.c.id == hook).scalar_subquery()
    missed = _lacking(conn, hook, since if first is None else since | (event_rows.c.seq >= first))
    _add(conn, hook, [seq for seq in missed if seq >= missed_from], now)
    late = [seq for seq in missed if seq < missed_from]
    if late:
        row = {**FRESH, "state": "dropped", "reason": "off", "done_at": now, "next_at": now}
        conn.execute(insert(outbox), [{"hook": hook, "seq": seq, **row} for seq in late])
    hooks.set_state(conn, hook, "on", "")


def _lacking(conn: Connection, hook: str, among: ColumnElement[bool]) -> list[int]:
    """Events that a webhook wants and may see, and has no row for."""
    row = conn.execute(select(webhooks.c.types, webhooks.c.sight).where(webhooks.c.id == hook)).one()
    sight = Sight.of(row.sight)
    query = select(
        event_rows.c.seq,
        event_rows.c.noun,
        event_rows.c.area,
        event_rows.c.site_kind,
        event_rows.c.site,
        event_rows.c.units,
    ).where(among, ~exists().where(outbox.c.hook == hook, outbox.c.seq == event_rows.c.seq))
    if row.types:
        query = query.where(event_rows.c.type.in_(row.types))
    return [
        each.seq
        for each in conn.execute(query.order_by(event_rows.c.seq))
        if sight.sees(each.noun, standing(each.area, each.site_kind, each.site, each.units))
    ]


def _add(conn: Connection, hook: str, seqs: Sequence[int], now: datetime) -> None:
    if seqs:
        conn.execute(insert(outbox), [{"hook": hook, "seq": seq, **FRESH, "next_at": now} for seq in seqs])


def _is_on(conn: Connection, hook: str) -> bool:
    return bool(conn.execute(select(webhooks.c.state).where(webhooks.c.id == hook)).scalar_one() == "on")


def _now(conn: Connection, hook: str, now: datetime) -> int:
    """Whoever asks for a replay has mended something: what waits is tried now; answers how much that is."""
    done = conn.execute(
        update(outbox).where(outbox.c.hook == hook, outbox.c.state == "pending").values(next_at=now)
    )
    return int(done.rowcount)


def _find(conn: Connection, letter: str) -> tuple[Of, str, str] | None:
    """What a dead letter's id stands for: (event, seq, hook) or (notice, notice, channel)."""
    first, dot, receiver = letter.partition(".")
    if not dot:
        return None
    if first.isascii() and first.isdigit() and len(first) <= 18:
        found = conn.execute(
            select(outbox.c.seq).where(
                outbox.c.hook == receiver, outbox.c.seq == int(first), outbox.c.state == "dropped"
            )
        ).first()
        return None if found is None else ("event", first, receiver)
    found = conn.execute(
        select(deliveries.c.notice).where(
            deliveries.c.notice == first, deliveries.c.channel == receiver, deliveries.c.state == "dead"
        )
    ).first()
    return None if found is None else ("notice", first, receiver)
