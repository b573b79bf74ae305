"""Groups in the ledger: what the log's incidents were folded into, and what each member is now.

Whether a member is open, acknowledged, muted or settled is read from its incident each time; a group keeps only
what was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Row, Select, and_, delete, insert, null, or_, select, update
from sqlalchemy.engine import Connection

from alerts.case import LIVE
from alerts.group import Group, Member, Terms
from alerts.inhibit import Party
from alerts.ledger import counters as numbers
from alerts.ledger.group_tables import group_members, notice_groups
from alerts.ledger.sieve import standing
from alerts.ledger.tables import cases, counters, events, incidents
from alerts.ledger.upsert import put
from alerts.route import Facts, Match
from alerts.sight import Visibility
from detectors.signal import SEVERITIES, Severity

CURSOR = "notices"
"""Counter: the last event that was folded into groups."""


@dataclass(frozen=True, slots=True)
class Known:
    """An incident as notices see it.

    Attributes:
        id: ULID.
        facts: What routes, silences and inhibitions may ask.
        place: Where it stands.
        devices: That ever said so.
        members: Ids of the incidents that were absorbed into it.
        open: Whether it still holds.
        severity: Now.
        raised_at: UTC.
        acked: Somebody has seen it.
        ack_until: Until when that counts, or counted last (UTC).
        settled: Judged false, or its case is closed.
        silenced_by: Ids of silences.
        inhibited_by: Ids of incidents.
        absorbed: It is part of an open incident that is no less severe.
    """

    id: str
    facts: Facts
    place: Visibility
    devices: tuple[str, ...]
    members: tuple[str, ...]
    open: bool
    severity: Severity
    raised_at: datetime
    acked: bool
    ack_until: datetime | None
    settled: bool
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    absorbed: bool

    @property
    def party(self) -> Party:
        """As a root cause, or as what follows from one."""
        return Party(self.id, self.facts, self.devices)

    @property
    def muted(self) -> bool:
        """Nobody is told of it for now."""
        return self.absorbed or bool(self.silenced_by or self.inhibited_by)

    def member(self, since: datetime, told: Severity | None) -> Member:
        """As a member of a group."""
        return Member(
            incident=self.id,
            severity=self.severity,
            open=self.open,
            since=since,
            told=told,
            muted=self.muted,
            acked=self.acked,
            ack_until=self.ack_until,
            settled=self.settled,
        )


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
    rows = conn.execute(
        select(counters.c.name, counters.c.value).where(counters.c.name.in_([numbers.EVENTS, CURSOR]))
    )
    found = {name: int(value) for name, value in rows}
    return found.get(numbers.EVENTS, 0), found.get(CURSOR)


def folded(conn: Connection, seq: int) -> None:
    """Everything up to `seq` is folded."""
    put(conn, counters, {"name": CURSOR, "value": seq})


def touched(conn: Connection, after: int | None, head: int) -> list[Known]:
    """The incidents that the log speaks of after a seq, themselves or by their case; None: all that are open."""
    if after is None:
        return known(conn, incidents.c.state == "open")
    rows = conn.execute(
        select(events.c.noun, events.c.subject)
        .where(events.c.seq > after, events.c.seq <= head, events.c.noun.in_(["incident", "case"]))
        .distinct()
    )
    spoken: dict[str, set[str]] = {"incident": set(), "case": set()}
    for noun, subject in rows:
        spoken[noun].add(subject)
    parts: list[ColumnElement[bool]] = []
    if spoken["incident"]:
        parts.append(incidents.c.id.in_(sorted(spoken["incident"])))
    if spoken["case"]:
        parts.append(incidents.c.case_id.in_(sorted(spoken["case"])))
    return known(conn, or_(*parts)) if parts else []


def known(conn: Connection, *parts: ColumnElement[bool]) -> list[Known]:
    """The incidents of which this holds, the oldest first."""
    return [_known(row) for row in conn.execute(_query().where(*parts).order_by(incidents.c.id))]


def by_ids(conn: Connection, ids: Sequence[str]) -> list[Known]:
    """These incidents, the oldest first."""
    return known(conn, incidents.c.id.in_(list(ids))) if ids else []


def memberships(conn: Connection, incident: str) -> dict[str, Membership]:
    """The groups that an incident is in, by key."""
    rows = conn.execute(select(group_members).where(group_members.c.incident == incident))
    return {row.group_key: _membership(row) for row in rows}


def get(conn: Connection, key: str) -> Group | None:
    """One group with the terms it was made on, None when there is none."""
    row = conn.execute(select(notice_groups).where(notice_groups.c.group_key == key)).one_or_none()
    return None if row is None else _group(row)


def members(conn: Connection, key: str) -> list[tuple[Known, Member]]:
    """The members of a group, as their incidents are now."""
    joined = _query().add_columns(group_members.c.since, group_members.c.told)
    rows = conn.execute(
        joined.where(group_members.c.group_key == key, group_members.c.incident == incidents.c.id).order_by(
            incidents.c.id
        )
    )
    found = [(_known(row), row.since, row.told) for row in rows]
    return [(each, each.member(since, told)) for each, since, told in found]


def start(conn: Connection, group: Group, first: Membership) -> None:
    """A group that nobody was told of yet, with its first member."""
    conn.execute(
        insert(notice_groups).values(
            group_key=group.key,
            route=group.route,
            addressee=group.addressee,
            terms=_terms_row(group.terms),
            open=1,
        )
    )
    _add(conn, first)


def join(conn: Connection, fresh: Membership) -> None:
    """An open incident becomes a member."""
    _add(conn, fresh)
    _count(conn, fresh.group, 1)


def _add(conn: Connection, fresh: Membership) -> None:
    conn.execute(
        insert(group_members).values(
            group_key=fresh.group,
            incident=fresh.incident,
            since=fresh.since,
            open=fresh.open,
            told=fresh.told,
        )
    )


def wait_again(conn: Connection, incident: str, since: datetime) -> None:
    """What muted an incident let go: where nobody was told of it, its waiting begins anew."""
    conn.execute(
        update(group_members)
        .where(group_members.c.incident == incident, group_members.c.told.is_(None))
        .values(since=since)
    )


def leave(conn: Connection, membership: Membership) -> int:
    """A member is over; the group remembers it until it is looked at. Answers how many are open."""
    if membership.open:
        conn.execute(update(group_members).where(*_is(membership)).values(open=False))
    return _count(conn, membership.group, -1 if membership.open else 0)


def returned(conn: Connection, key: str, fresh: Known) -> Membership | None:
    """The member of the same condition at the same place that was over a while; it gives its place away."""
    row = conn.execute(
        select(group_members)
        .join(incidents, incidents.c.id == group_members.c.incident)
        .where(
            group_members.c.group_key == key,
            group_members.c.open.is_(False),
            incidents.c.place == fresh.facts.place,
            incidents.c.condition == fresh.facts.condition,
        )
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    back = _membership(row)
    conn.execute(delete(group_members).where(*_is(back)))
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
    conn.execute(
        delete(group_members).where(
            group_members.c.group_key == key, group_members.c.open.is_(False), group_members.c.told.is_(None)
        )
    )


def hasten(conn: Connection, key: str, at: datetime) -> None:
    """Look at the group at this moment, or earlier if that was so already."""
    conn.execute(
        update(notice_groups)
        .where(
            notice_groups.c.group_key == key,
            or_(notice_groups.c.due_at.is_(None), notice_groups.c.due_at > at),
        )
        .values(due_at=at)
    )


def due(conn: Connection, now: datetime, limit: int) -> list[str]:
    """The groups to look at, the longest due first."""
    rows = conn.execute(
        select(notice_groups.c.group_key)
        .where(notice_groups.c.due_at <= now)
        .order_by(notice_groups.c.due_at, notice_groups.c.group_key)
        .limit(limit)
    )
    return list(rows.scalars())


def looked(conn: Connection, group: Group, at: datetime | None) -> None:
    """When to look again."""
    conn.execute(
        update(notice_groups)
        .where(notice_groups.c.group_key == group.key)
        .values(told_at=group.told_at, due_at=at, terms=_terms_row(group.terms))
    )


def told(conn: Connection, key: str, members: Iterable[Member]) -> None:
    """What each member was told with."""
    for severity in SEVERITIES:
        ids = [each.incident for each in members if each.told == severity]
        if ids:
            conn.execute(
                update(group_members)
                .where(group_members.c.group_key == key, group_members.c.incident.in_(ids))
                .values(told=severity)
            )


def end(conn: Connection, key: str) -> None:
    """The group is done with, and so are its members."""
    conn.execute(delete(group_members).where(group_members.c.group_key == key))
    conn.execute(delete(notice_groups).where(notice_groups.c.group_key == key))


def set_muted(conn: Connection, incident: Known) -> None:
    """What mutes an incident now."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident.id)
        .values(
            silenced_by=list(incident.silenced_by) or null(),
            inhibited_by=list(incident.inhibited_by) or null(),
        )
    )


def silenced(conn: Connection) -> list[Known]:
    """The open incidents that a silence mutes."""
    return known(conn, incidents.c.state == "open", incidents.c.silenced_by.is_not(None))


def inhibited(conn: Connection) -> list[Known]:
    """The open incidents that a root cause mutes."""
    return known(conn, incidents.c.state == "open", incidents.c.inhibited_by.is_not(None))


def open_like(conn: Connection, match: Match, same: Mapping[str, str | None]) -> list[Known]:
    """The open incidents that a match may hold for, not judged false; `area` of the match is not asked.

    `same` are columns with what they must be.
    """
    wanted = {
        "kind": match.kind,
        "condition": match.condition,
        "severity": match.severity,
        "site": match.site,
        "site_kind": match.site_kind,
    }
    parts = [incidents.c[name] == value for name, value in wanted.items() if value is not None]
    parts += [incidents.c[name] == value for name, value in same.items()]
    return known(conn, incidents.c.state == "open", incidents.c.verdict.is_not(False), *parts)


def _count(conn: Connection, key: str, more: int) -> int:
    row = update(notice_groups).where(notice_groups.c.group_key == key)
    return int(
        conn.execute(
            row.values(open=notice_groups.c.open + more).returning(notice_groups.c.open)
        ).scalar_one()
    )


_whole = incidents.alias("whole")


def _query() -> Select[tuple[object, ...]]:
    """Incidents with the state of their case, and of what they are part of."""
    return (
        select(
            incidents.c.id,
            incidents.c.kind,
            incidents.c.condition,
            incidents.c.place,
            incidents.c.severity,
            incidents.c.area,
            incidents.c.site_kind,
            incidents.c.site,
            incidents.c.units,
            incidents.c.state,
            incidents.c.acked,
            incidents.c.ack_until,
            incidents.c.verdict,
            incidents.c.silenced_by,
            incidents.c.inhibited_by,
            incidents.c.raised_at,
            incidents.c.members,
            incidents.c.sources,
            cases.c.state.label("case_state"),
            _whole.c.severity.label("whole_severity"),
        )
        .select_from(incidents)
        .outerjoin(cases, cases.c.id == incidents.c.case_id)
        .outerjoin(_whole, and_(_whole.c.id == incidents.c.absorbed_into, _whole.c.state == "open"))
    )


def _known(row: Row[tuple[object, ...]]) -> Known:
    place = standing(row.area, row.site_kind, row.site, row.units)
    whole = row.whole_severity
    return Known(
        id=row.id,
        facts=Facts(
            kind=row.kind,
            condition=row.condition,
            place=row.place,
            severity=row.severity,
            site=row.site,
            site_kind=row.site_kind,
            area=row.area,
        ),
        place=place,
        devices=tuple(sorted({each["device"] for each in row.sources if each["first_at"] is not None})),
        members=tuple(row.members),
        open=row.state == "open",
        severity=row.severity,
        raised_at=row.raised_at,
        acked=row.acked,
        ack_until=row.ack_until,
        settled=row.verdict is False or (row.case_state is not None and row.case_state not in _GOING),
        silenced_by=tuple(row.silenced_by or ()),
        inhibited_by=tuple(row.inhibited_by or ()),
        absorbed=whole is not None and SEVERITIES.index(whole) <= SEVERITIES.index(row.severity),
    )


_GOING = {*LIVE, "merged"}
"""A merged case goes on in another one."""


def _is(membership: Membership) -> tuple[ColumnElement[bool], ...]:
    return (
        group_members.c.group_key == membership.group,
        group_members.c.incident == membership.incident,
    )


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
