"""Dead letters: events and notices that were given up, and sending them again with the ids they had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import String, func, insert, literal, select, union_all, update
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

AT_ONCE = 10_000
"""Events of one replay: a commit must not keep the others waiting."""

FRESH: Mapping[str, object] = {
    "state": "pending",
    "attempts": 0,
    "refusals": 0,
    "reason": "",
    "done_at": None,
}
"""An outbox row as it was before its first try."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What will be sent again.

    Attributes:
        number: How many messages.
        next_seq: Where to go on when there were too many for one request, or None.
    """

    number: int
    next_seq: int | None = None

    def as_dict(self) -> dict[str, object]:
        """`{"replayed", "next_seq"}`, as it is sent."""
        return {"replayed": self.number, "next_seq": self.next_seq}


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


def replay(conn: Connection, letter: str, now: datetime) -> Replayed:
    """Send one dead letter again; raises NotFound, or Conflict when there is nobody to send it to."""
    found = _find(conn, letter)
    if found is None:
        raise NotFound(f"no dead letter {letter!r}")
    of, first, receiver = found
    if of == "event":
        _on(conn, receiver)
        conn.execute(
            update(outbox)
            .where(outbox.c.hook == receiver, outbox.c.seq == int(first))
            .values(**FRESH, next_at=now)
        )
        _now(conn, receiver, now)
        return Replayed(1)
    if registry.get(conn, "channel", receiver) is None:
        raise Conflict(f"there is no channel {receiver!r} any more", mend="put it back into the registry")
    conn.execute(
        update(deliveries)
        .where(deliveries.c.notice == first, deliveries.c.channel == receiver)
        .values(state="pending", attempts=0, reason="", done_at=None, next_at=now)
    )
    return Replayed(1)


def replay_dead(conn: Connection, hook: str, now: datetime) -> Replayed:
    """Send every dead letter of a webhook again, and turn it on."""
    hooks.set_state(conn, hook, "on", "")
    done = conn.execute(
        update(outbox).where(outbox.c.hook == hook, outbox.c.state == "dropped").values(**FRESH, next_at=now)
    ).rowcount
    _now(conn, hook, now)
    return Replayed(done)


def replay_from(conn: Connection, hook: str, first: int, now: datetime) -> Replayed:
    """Send a webhook again everything that it may see from a seq on, taken or not, and turn it on.

    Raises TooOld when some of it is no longer kept, InvalidInput for a seq that is still to come.
    """
    oldest, head = events.oldest(conn), events.head(conn)
    if first > head:
        raise InvalidInput(f"the newest event is {head}", where="from_seq", mend="name one that was")
    if first < oldest:
        raise TooOld(f"events up to {oldest - 1} are no longer kept", oldest=oldest)
    row = conn.execute(select(webhooks.c.types, webhooks.c.sight).where(webhooks.c.id == hook)).one()
    sight = Sight.of(row.sight)
    last = min(head, first + AT_ONCE - 1)
    rows = conn.execute(
        select(
            event_rows.c.seq,
            event_rows.c.type,
            event_rows.c.noun,
            event_rows.c.area,
            event_rows.c.site_kind,
            event_rows.c.site,
            event_rows.c.units,
        ).where(event_rows.c.seq.between(first, last))
    )
    wanted = {
        each.seq
        for each in rows
        if (not row.types or each.type in row.types)
        and sight.sees(each.noun, standing(each.area, each.site_kind, each.site, each.units))
    }
    within = (outbox.c.hook == hook, outbox.c.seq.between(first, last))
    there = set(conn.execute(select(outbox.c.seq).where(*within)).scalars())
    conn.execute(update(outbox).where(*within).values(**FRESH, next_at=now))
    if fresh := sorted(wanted - there):
        conn.execute(insert(outbox), [{"hook": hook, "seq": seq, **FRESH, "next_at": now} for seq in fresh])
    hooks.set_state(conn, hook, "on", "")
    _now(conn, hook, now)
    return Replayed(len(wanted | there), last + 1 if last < head else None)


def _now(conn: Connection, hook: str, now: datetime) -> None:
    """Whoever asks for a replay has mended something: what waits is tried now."""
    conn.execute(update(outbox).where(outbox.c.hook == hook, outbox.c.state == "pending").values(next_at=now))


def _on(conn: Connection, hook: str) -> None:
    state = conn.execute(select(webhooks.c.state).where(webhooks.c.id == hook)).scalar_one()
    if state != "on":
        raise Conflict(
            f"the webhook {hook} is off",
            mend='POST /webhooks/{hook}/replay {"dead": true} turns it on and sends all of its dead letters',
        )


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
