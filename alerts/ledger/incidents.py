"""Incidents: rows of the incidents table, as values for the router and as JSON for screens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.engine import Connection

from alerts.correlate import TogetherRule
from alerts.incident import TOGETHER, Incident, Source
from alerts.ledger import evidence
from alerts.ledger.columns import from_ms, join_ids, to_ms
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.ledger.tables import incidents
from alerts.sight import Sight, Visibility
from detectors.signal import Severity, SignalState
from ingest.errors import NotFound
from ingest.instant import format_instant
from ingest.text import Text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of incidents is narrowed to; None or empty asks nothing.

    `areas` are area ids with their descendants already in it; `since` looks at raised_at.
    """

    state: str | None = None
    kind: str | None = None
    condition: str | None = None
    severity: str | None = None
    site: str | None = None
    areas: Collection[str] | None = None
    since: datetime | None = None
    case: str | None = None

    def parts(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        equal = {
            "state": self.state,
            "kind": self.kind,
            "condition": self.condition,
            "severity": self.severity,
            "site": self.site,
            "case_id": self.case,
        }
        found = [incidents.c[name] == value for name, value in equal.items() if value is not None]
        if self.areas is not None:
            found.append(incidents.c.area.in_(sorted(self.areas)))
        if self.since is not None:
            found.append(incidents.c.raised_at >= self.since)
        return found


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident and what the ledger keeps beside it."""

    incident: Incident
    place: Visibility = field(default_factory=Visibility)
    case: str | None = None
    absorbed_into: str | None = None


def open_at(conn: Connection, place: str, condition: str) -> Stored | None:
    """The open incident of this condition at this place, None when there is none."""
    row = conn.execute(
        select(incidents).where(
            incidents.c.place == place, incidents.c.condition == condition, incidents.c.state == "open"
        )
    ).one_or_none()
    return None if row is None else _stored(row)


def all_open(conn: Connection, *, fresh_only: bool = False) -> list[Stored]:
    """Every open incident, the oldest first; `fresh_only` leaves out those that are stale already."""
    query = select(incidents).where(incidents.c.state == "open").order_by(incidents.c.id)
    if fresh_only:
        query = query.where(incidents.c.stale.is_(False))
    rows = conn.execute(query)
    return [_stored(row) for row in rows]


def open_of(conn: Connection, rule: TogetherRule, meeting: str) -> list[Stored]:
    """The open incidents that a together rule looks at, where they meet; the oldest first."""
    column = {"zone": incidents.c.place, "site": incidents.c.site, "area": incidents.c.area}[rule.place]
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.state == "open",
            column == meeting,
            incidents.c.condition.in_(sorted(rule.words)),
        )
        .order_by(incidents.c.id)
    )
    return [_stored(row) for row in rows]


def of_interest(conn: Connection, words: Collection[str]) -> list[Stored]:
    """The open incidents of these conditions, and those that together rules raised; the oldest first."""
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.state == "open",
            or_(incidents.c.kind == TOGETHER, incidents.c.condition.in_(sorted(words))),
        )
        .order_by(incidents.c.id)
    )
    return [_stored(row) for row in rows]


def of_case(conn: Connection, case: str) -> list[Stored]:
    """The incidents of a case, the oldest first."""
    rows = conn.execute(select(incidents).where(incidents.c.case_id == case).order_by(incidents.c.id))
    return [_stored(row) for row in rows]


def add(conn: Connection, incident: Incident, place: Visibility, case: str | None) -> None:
    """A new row; the index refuses a second open one for the same place and condition."""
    conn.execute(
        insert(incidents).values(
            id=incident.id,
            condition=incident.condition,
            place=incident.place,
            acked=False,
            case_id=case,
            **stands(place),
            **_columns(incident),
        )
    )


def save(conn: Connection, incident: Incident) -> None:
    """What its signals changed; acknowledgement, verdict and case are left alone."""
    conn.execute(update(incidents).where(incidents.c.id == incident.id).values(**_columns(incident)))


def set_case(conn: Connection, incident: str, case: str, units: frozenset[str]) -> None:
    """Its case, which it had not before."""
    conn.execute(
        update(incidents).where(incidents.c.id == incident).values(case_id=case, units=join_ids(units))
    )


def set_absorbed(conn: Connection, incident: str, into: str) -> None:
    """It is part of another incident, the newest one that took it."""
    conn.execute(update(incidents).where(incidents.c.id == incident).values(absorbed_into=into))


def move_units(conn: Connection, case: str, units: frozenset[str]) -> None:
    """The incidents of a case are visible to the units of the case."""
    conn.execute(update(incidents).where(incidents.c.case_id == case).values(units=join_ids(units)))


def set_ack(conn: Connection, incident: str, *, who: str, note: str, now: datetime, until: datetime) -> None:
    """Somebody has seen it, and that counts up to a moment."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(acked=True, acked_by=who, acked_at=now, ack_note=note, ack_until=until)
    )


def acks_over(conn: Connection, now: datetime) -> list[str]:
    """Open incidents whose acknowledgement has ended, the oldest first."""
    rows = conn.execute(
        select(incidents.c.id)
        .where(incidents.c.state == "open", incidents.c.acked.is_(True), incidents.c.ack_until <= now)
        .order_by(incidents.c.id)
    )
    return list(rows.scalars())


def end_ack(conn: Connection, incident: str) -> None:
    """It counts as not seen again; who saw it last, and until when that counted, stays."""
    conn.execute(update(incidents).where(incidents.c.id == incident).values(acked=False))


def set_verdict(
    conn: Connection, incident: str, *, verdict: bool, who: str, reason: str, now: datetime
) -> None:
    """A person said whether it was true."""
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(verdict=verdict, verdict_by=who, verdict_at=now, verdict_reason=reason)
    )


def get(conn: Connection, sight: Sight, incident: str) -> dict[str, object]:
    """One incident as the contract shapes it; raises NotFound, also when it is not visible."""
    row = conn.execute(
        select(incidents).where(incidents.c.id == incident, visible(sight, "incident", incidents))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no incident {incident}")
    return _shown(conn, [row])[0]


def visibility(conn: Connection, incident: str) -> Visibility:
    """Where it stands; raises NotFound."""
    row = conn.execute(
        select(incidents.c.area, incidents.c.site_kind, incidents.c.site, incidents.c.units).where(
            incidents.c.id == incident
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"no incident {incident}")
    return standing(row.area, row.site_kind, row.site, row.units)


def page(
    conn: Connection,
    sight: Sight,
    *,
    wanted: Wanted | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Incidents, the newest first."""
    query = (
        select(incidents)
        .where(visible(sight, "incident", incidents), *(wanted.parts() if wanted else ()))
        .order_by(incidents.c.id.desc())
        .limit(limit_of(limit) + 1)
    )
    if cursor is not None:
        query = query.where(incidents.c.id < str(decode(cursor, str)[0]))
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page(_shown(conn, rows[:limit]), encode(rows[limit - 1].id) if more else None)


def ids_of_cases(conn: Connection, cases: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the incidents of each case, the oldest first."""
    found: dict[str, list[str]] = {case: [] for case in cases}
    rows = conn.execute(
        select(incidents.c.case_id, incidents.c.id)
        .where(incidents.c.case_id.in_(list(cases)))
        .order_by(incidents.c.id)
    )
    for row in rows:
        found[row.case_id].append(row.id)
    return found


def open_by_severity(conn: Connection) -> dict[str, int]:
    """How many are open, by severity."""
    found: dict[str, int] = {}
    for row in conn.execute(select(incidents.c.severity).where(incidents.c.state == "open")):
        found[row.severity] = found.get(row.severity, 0) + 1
    return found


def _columns(incident: Incident) -> dict[str, object]:
    lead = incident.lead
    return {
        "kind": incident.kind,
        "severity": incident.severity,
        "state": incident.state,
        "stale": incident.stale,
        "raised_at": incident.raised_at,
        "updated_at": incident.updated_at,
        "cleared_at": incident.cleared_at,
        "value": lead.value,
        "limit": lead.limit,
        "count": incident.count,
        "certainty": incident.certainty,
        "explanation": lead.explanation.as_dict(),
        "members": list(incident.members),
        "sources": [_source_row(each) for each in incident.sources],
    }


def _source_row(source: Source) -> dict[str, object]:
    return {
        "rule": source.rule,
        "device": source.device,
        "kind": source.kind,
        "epoch": source.epoch,
        "n": source.n,
        "state": source.state,
        "at": to_ms(source.at),
        "renewed_at": to_ms(source.renewed_at),
        "first_at": None if source.first_at is None else to_ms(source.first_at),
        "active_epoch": source.active_epoch,
        "active_n": source.active_n,
        "severity": source.severity,
        "value": source.value,
        "limit": source.limit,
        "certainty": source.certainty,
        "explanation": source.explanation.as_dict(),
        "said": source.said,
    }


@dataclass(frozen=True, slots=True)
class _SourceRow:
    """What _source_row() wrote, with the types JSON forgot."""

    rule: str
    device: str
    kind: str
    epoch: int
    n: int
    state: SignalState
    at: int
    renewed_at: int
    first_at: int | None
    active_epoch: int
    active_n: int
    severity: Severity
    value: float | None
    limit: float | None
    certainty: float
    explanation: dict[str, str]
    said: float | None = None  # absent in rows of before

    def source(self) -> Source:
        return Source(
            rule=self.rule,
            device=self.device,
            kind=self.kind,
            epoch=self.epoch,
            n=self.n,
            state=self.state,
            at=from_ms(self.at),
            renewed_at=from_ms(self.renewed_at),
            first_at=None if self.first_at is None else from_ms(self.first_at),
            active_epoch=self.active_epoch,
            active_n=self.active_n,
            severity=self.severity,
            value=self.value,
            limit=self.limit,
            certainty=self.certainty,
            explanation=Text(**self.explanation),
            said=self.said,
        )


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    incident = Incident(
        id=row.id,
        condition=row.condition,
        place=row.place,
        sources=tuple(_SourceRow(**each).source() for each in row.sources),
        state=row.state,
        cleared_at=row.cleared_at,
        touched_at=row.updated_at,
        members=tuple(row.members),
    )
    place = standing(row.area, row.site_kind, row.site, row.units)
    return Stored(incident, place, row.case_id, row.absorbed_into)


def _shown(conn: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[dict[str, object]]:
    shown = evidence.shown(conn, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "condition": row.condition,
            "place": row.place,
            "severity": row.severity,
            "site": row.site,
            "area": row.area,
            "devices": _ever(row.sources, "device"),
            "rules": _ever(row.sources, "rule"),
            "state": row.state,
            "stale": row.stale,
            "acked": row.acked,
            "acked_by": row.acked_by,
            "acked_at": _text(row.acked_at),
            "ack_note": row.ack_note,
            "ack_until": _text(row.ack_until),
            "verdict": row.verdict,
            "verdict_by": row.verdict_by,
            "verdict_at": _text(row.verdict_at),
            "verdict_reason": row.verdict_reason,
            "raised_at": format_instant(row.raised_at),
            "updated_at": format_instant(row.updated_at),
            "cleared_at": _text(row.cleared_at),
            "value": row.value,
            "limit": row.limit,
            "count": row.count,
            "certainty": row.certainty,
            "evidence": shown[row.id],
            "members": row.members,
            "absorbed_into": row.absorbed_into,
            "silenced_by": row.silenced_by or [],
            "inhibited_by": row.inhibited_by or [],
            "case": row.case_id,
            "explanation": row.explanation,
        }
        for row in rows
    ]


def _ever(sources: list[dict[str, object]], name: str) -> list[str]:
    return sorted({cast("str", each[name]) for each in sources if each["first_at"] is not None})


def _text(at: datetime | None) -> str | None:
    return None if at is None else format_instant(at)
