"""Groups in the ledger: what the log's incidents were folded into, and what each member is now.

Whether a member is open, acknowledged, muted or settled is read from its incident each time; a group keeps only
what was told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.group import Group, Member, Terms
from alerts.ledger import counters as numbers
from alerts.ledger import pending
from alerts.ledger.among import among
from alerts.ledger.group_tables import group_members, notice_groups
from alerts.ledger.known import Known, query, read
from alerts.ledger.tables import counters, incidents
from alerts.ledger.upsert import put
from detectors.signal import Severity

CURSOR = "notices"
"""Counter: the last event that was folded into groups."""


# The statements of the hot path, built once: building one costs more than running it.
_THIS = (group_members.c.group_key == bindparam("key"), group_members.c.incident == bindparam("id"))
_MEMBERSHIPS = select(group_members).where(among(group_members.c.incident, "ids"))
_OF_KEYS = select(notice_groups).where(among(notice_groups.c.group_key, "keys"))
_MEMBERS = (
    query()
    .add_columns(group_members.c.group_key, group_members.c.since, group_members.c.told)
    .where(
        among(group_members.c.group_key, "keys"),
        group_members.c.incident == incidents.c.id,
    )
    .order_by(incidents.c.id)
)
_START = insert(notice_groups)
_ADD = insert(group_members)
_OVER = update(group_members).where(*_THIS).values(open=False)
_RETURNED = (
    select(group_members)
    .join(incidents, incidents.c.id == group_members.c.incident)
    .where(
        group_members.c.group_key == bindparam("key"),
        group_members.c.open.is_(False),
        incidents.c.place == bindparam("place"),
        incidents.c.condition == bindparam("condition"),
    )
    .limit(1)
)
_REMOVE = delete(group_members).where(*_THIS)
_FORGET = delete(group_members).where(
    group_members.c.group_key == bindparam("key"),
    group_members.c.open.is_(False),
    group_members.c.told.is_(None),
)
_HASTEN = (
    update(notice_groups)
    .where(
        notice_groups.c.group_key == bindparam("key"),
        or_(notice_groups.c.due_at.is_(None), notice_groups.c.due_at > bindparam("at")),
    )
    .values(due_at=bindparam("at"))
)
_DUE = (
    select(notice_groups.c.group_key)
    .where(notice_groups.c.due_at <= bindparam("now"))
    .order_by(notice_groups.c.due_at, notice_groups.c.group_key)
    .limit(bindparam("most"))
)
_NEXT = select(func.min(notice_groups.c.due_at))
_LOOKED = (
    update(notice_groups)
    .where(notice_groups.c.group_key == bindparam("key"))
    .values(told_at=bindparam("said_at"), due_at=bindparam("at"), terms=bindparam("as_now"))
)
_TOLD = update(group_members).where(*_THIS).values(told=bindparam("with"))
_END_MEMBERS = delete(group_members).where(group_members.c.group_key == bindparam("key"))
_END = delete(notice_groups).where(notice_groups.c.group_key == bindparam("key"))
_COUNT = (
    update(notice_groups)
    .where(notice_groups.c.group_key == bindparam("key"))
    .values(open=notice_groups.c.open + bindparam("more"))
    .returning(notice_groups.c.open)
)
_POSITIONS = select(counters.c.name, counters.c.value).where(counters.c.name.in_([numbers.EVENTS, CURSOR]))


@dataclass(frozen=True, slots=True)
class Membership:
    """That an incident is in a group, and what was told of it there."""

    group: str
    incident: str
    since: datetime
    open: bool
    told: Severity | None


def positions(conn: Connection) -> tuple[int, int | None]:
    """The newest seq of the log, and the last that was folded; None before the first."""
    found = {name: int(value) for name, value in conn.execute(_POSITIONS)}
    return found.get(numbers.EVENTS, 0), found.get(CURSOR)


def folded(conn: Connection, seq: int) -> None:
    """Everything up to `seq` is folded."""
    put(conn, counters, {"name": CURSOR, "value": seq})


def memberships(conn: Connection, incidents: Sequence[str]) -> dict[str, dict[str, Membership]]:
    """The groups that incidents are in: by incident, then by key; without those that are in none."""
    found: dict[str, dict[str, Membership]] = {}
    for row in conn.execute(_MEMBERSHIPS, {"ids": list(incidents)}) if incidents else ():
        found.setdefault(row.incident, {})[row.group_key] = _membership(row)
    return found


def of_keys(conn: Connection, keys: Collection[str]) -> dict[str, Group]:
    """The groups that there are, with the terms they were made on."""
    rows = conn.execute(_OF_KEYS, {"keys": sorted(keys)}) if keys else ()
    return {row.group_key: _group(row) for row in rows}


def members(conn: Connection, keys: Sequence[str]) -> dict[str, list[tuple[Known, Member]]]:
    """The members of groups, as their incidents are now, the oldest first."""
    found: dict[str, list[tuple[Known, Member]]] = {key: [] for key in keys}
    for row in conn.execute(_MEMBERS, {"keys": list(keys)}) if keys else ():
        each = read(row)
        found[row.group_key].append((each, each.member(row.since, row.told)))
    return found


def start(conn: Connection, group: Group, first: Membership, at: datetime | None) -> None:
    """A group that nobody was told of yet, with its first member; to be looked at then, if ever."""
    pending.run(
        conn,
        _START,
        {
            "group_key": group.key,
            "route": group.route,
            "addressee": group.addressee,
            "terms": _terms_row(group.terms),
            "open": 1,
            "due_at": at,
        },
    )
    _add(conn, first)


def join(conn: Connection, fresh: Membership) -> None:
    """An open incident becomes a member."""
    _add(conn, fresh)
    _count(conn, fresh.group, 1)


def _add(conn: Connection, fresh: Membership) -> None:
    pending.run(
        conn,
        _ADD,
        {
            "group_key": fresh.group,
            "incident": fresh.incident,
            "since": fresh.since,
            "open": fresh.open,
            "told": fresh.told,
        },
    )


def wait_again(conn: Connection, incident: str, since: datetime) -> None:
    """What muted an incident let go: where nobody was told of it, its waiting begins anew."""
    conn.execute(
        update(group_members)
        .where(group_members.c.incident == incident, group_members.c.told.is_(None))
        .values(since=since)
    )


def leave(conn: Connection, membership: Membership) -> int:
    """An open member is over; the group remembers it until it is looked at. Answers how many are open."""
    conn.execute(_OVER, _key(membership))
    return _count(conn, membership.group, -1)


def returned(conn: Connection, key: str, fresh: Known) -> Membership | None:
    """The member of the same condition at the same place that was over a while; it gives its place away."""
    facts = fresh.facts
    row = conn.execute(
        _RETURNED, {"key": key, "place": facts.place, "condition": facts.condition}
    ).one_or_none()
    if row is None:
        return None
    back = _membership(row)
    conn.execute(_REMOVE, _key(back))
    return back


def prolong(conn: Connection, incident: str, now: datetime) -> None:
    """What nobody was told of yet begins to wait anew."""
    conn.execute(
        update(group_members)
        .where(group_members.c.incident == incident, group_members.c.told.is_(None))
        .values(since=now)
    )


def forget(conn: Connection, key: str) -> None:
    """The members that were over before anybody was told of them."""
    pending.run(conn, _FORGET, {"key": key})


def hasten(conn: Connection, key: str, at: datetime) -> None:
    """Look at the group at this moment, or earlier if that was so already."""
    conn.execute(_HASTEN, {"key": key, "at": at})


def due(conn: Connection, now: datetime, limit: int) -> list[str]:
    """The groups to look at, the longest due first."""
    return list(conn.execute(_DUE, {"now": now, "most": limit}).scalars())


def next_at(conn: Connection) -> datetime | None:
    """When the next of them is to be looked at; None when none waits."""
    found: datetime | None = conn.execute(_NEXT).scalar_one_or_none()
    return found


def looked(conn: Connection, group: Group, at: datetime | None) -> None:
    """When to look again."""
    pending.run(
        conn,
        _LOOKED,
        {"key": group.key, "said_at": group.told_at, "at": at, "as_now": _terms_row(group.terms)},
    )


def told(conn: Connection, key: str, members: Iterable[Member]) -> None:
    """What each member was told with."""
    for each in members:
        if each.told is not None:
            pending.run(conn, _TOLD, {"key": key, "id": each.incident, "with": each.told})


def end(conn: Connection, key: str) -> None:
    """The group is done with, and so are its members."""
    pending.run(conn, _END_MEMBERS, {"key": key})
    pending.run(conn, _END, {"key": key})


def _count(conn: Connection, key: str, more: int) -> int:
    return int(conn.execute(_COUNT, {"key": key, "more": more}).scalar_one())


def _key(membership: Membership) -> dict[str, str]:
    return {"key": membership.group, "id": membership.incident}


def _membership(row: Row[tuple[object, ...]]) -> Membership:
    return Membership(row.group_key, row.incident, row.since, row.open, row.told)


def _group(row: Row[tuple[object, ...]]) -> Group:
    return Group(row.group_key, row.route, row.addressee, _terms(row.terms), row.told_at)


def _terms_row(terms: Terms) -> dict[str, object]:
    def milliseconds(span: timedelta) -> int:
        return span // timedelta(milliseconds=1)

    return {
        "channels": list(terms.channels),
        "wait": milliseconds(terms.wait),
        "interval": milliseconds(terms.interval),
        "repeat": milliseconds(terms.repeat),
        "keeper_first": milliseconds(terms.keeper_first),
    }


def _terms(stored: Mapping[str, object]) -> Terms:
    wait, interval, repeat, keeper = (
        timedelta(milliseconds=cast("int", stored.get(name, 0)))
        for name in ("wait", "interval", "repeat", "keeper_first")
    )
    return Terms(tuple(cast("list[str]", stored["channels"])), wait, interval, repeat, keeper)
