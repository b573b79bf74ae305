"""Known: incidents as notices see them: what they ask of routes, and what mutes, settles or absorbs them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, null, or_, select, update
from sqlalchemy.engine import Connection

from alerts.case import LIVE
from alerts.group import Member
from alerts.inhibit import Party
from alerts.ledger.among import among
from alerts.ledger.sieve import standing
from alerts.ledger.tables import cases, events, incidents
from alerts.route import Facts, Match
from alerts.sight import Visibility
from detectors.signal import SEVERITIES, Severity


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


_SPOKEN = (
    select(events.c.noun, events.c.subject)
    .where(
        events.c.seq > bindparam("after"),
        events.c.seq <= bindparam("head"),
        events.c.noun.in_(["incident", "case"]),
    )
    .distinct()
)


def touched(conn: Connection, after: int | None, head: int) -> list[Known]:
    """The incidents that the log speaks of after a seq, themselves or by their case; None: all that are open."""
    if after is None:
        return having(conn, incidents.c.state == "open")
    rows = conn.execute(_SPOKEN, {"after": after, "head": head})
    spoken: dict[str, set[str]] = {"incident": set(), "case": set()}
    for noun, subject in rows:
        spoken[noun].add(subject)
    if not any(spoken.values()):
        return []
    asked = {"ids": sorted(spoken["incident"]), "cases": sorted(spoken["case"])}
    return [read(row) for row in conn.execute(_OF_THESE, asked)]


def having(conn: Connection, *parts: ColumnElement[bool]) -> list[Known]:
    """The incidents of which this holds, the oldest first."""
    return [read(row) for row in conn.execute(query().where(*parts).order_by(incidents.c.id))]


def by_ids(conn: Connection, ids: Sequence[str]) -> list[Known]:
    """These incidents, the oldest first."""
    return having(conn, incidents.c.id.in_(list(ids))) if ids else []


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
    return having(conn, incidents.c.state == "open", incidents.c.silenced_by.is_not(None))


def inhibited(conn: Connection) -> list[Known]:
    """The open incidents that a root cause mutes."""
    return having(conn, incidents.c.state == "open", incidents.c.inhibited_by.is_not(None))


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
    return having(conn, incidents.c.state == "open", incidents.c.verdict.is_not(False), *parts)


_whole = incidents.alias("whole")


def query() -> Select[tuple[object, ...]]:
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


def read(row: Row[tuple[object, ...]]) -> Known:
    """A row of query()."""
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

_OF_THESE = (
    query()
    .where(
        or_(
            among(incidents.c.id, "ids"),
            among(incidents.c.case_id, "cases"),
        )
    )
    .order_by(incidents.c.id)
)
