"""Matters: what is open in an area at one moment, and what happened there since another; for handing a room over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import ColumnElement, FromClause, Row, and_, case, func, select
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger import devices
from alerts.ledger.columns import to_ms
from alerts.ledger.sieve import visible
from alerts.ledger.silence_tables import silences
from alerts.ledger.tables import audit, cases, incidents
from alerts.sight import Sight
from detectors.signal import SEVERITIES
from ingest.instant import format_instant

NAMED = 200
"""Incidents and cases that are named one by one, the gravest first; the numbers count all."""

ENDS_SOON = timedelta(hours=1)
"""An acknowledgement that ends within this time is told to who comes."""

LIGHTS = ("red", "yellow", "green", "none")


@dataclass(frozen=True, slots=True)
class Watch:
    """What somebody watches over.

    Attributes:
        sight: How far that person sees.
        areas: The room's area with all below it.
        since: When the shift began (UTC).
        now: UTC.
    """

    sight: Sight
    areas: Collection[str]
    since: datetime
    now: datetime

    def parts(self, noun: str, table: FromClause) -> list[ColumnElement[bool]]:
        """What narrows a question about `table` to it."""
        return [visible(self.sight, noun, table), table.c.area.in_(sorted(self.areas))]


def matters(conn: Connection, watch: Watch, directory: Directory) -> dict[str, object]:
    """Everything that is to be handed over; JSON-ready, with ids and places, and without a word of any report."""
    return {
        "as_of": format_instant(watch.now),
        "since": format_instant(watch.since),
        "incidents": _incidents(conn, watch),
        "cases": _cases(conn, watch),
        "silences": _silences(conn, watch),
        "devices": _devices(conn, watch, directory),
        "happened": _happened(conn, watch),
    }


def _incidents(conn: Connection, watch: Watch) -> dict[str, object]:
    rank = case({word: at for at, word in enumerate(SEVERITIES)}, value=incidents.c.severity, else_=9)
    open_here = [*watch.parts("incident", incidents), incidents.c.state == "open"]
    counted = conn.execute(
        select(incidents.c.severity, incidents.c.acked, incidents.c.stale, func.count())
        .where(*open_here)
        .group_by(incidents.c.severity, incidents.c.acked, incidents.c.stale)
    ).all()
    by_severity: Counter[str] = Counter()
    acked: Counter[bool] = Counter()
    stale: Counter[bool] = Counter()
    for severity, was_acked, is_stale, number in counted:
        by_severity[severity] += number
        acked[was_acked] += number
        stale[is_stale] += number
    rows = conn.execute(
        select(incidents).where(*open_here).order_by(incidents.c.acked, rank, incidents.c.id).limit(NAMED)
    ).all()
    soon = watch.now + ENDS_SOON
    ending = conn.execute(
        select(incidents.c.id, incidents.c.ack_until)
        .where(*open_here, incidents.c.acked.is_(True), incidents.c.ack_until <= soon)
        .order_by(incidents.c.ack_until, incidents.c.id)
        .limit(NAMED)
    )
    return {
        "open": acked.total(),
        "by_severity": {word: by_severity[word] for word in SEVERITIES if by_severity[word]},
        "unacknowledged": acked[False],
        "stale": stale[True],
        "acknowledgements_ending": [
            {"id": row.id, "ack_until": format_instant(row.ack_until)} for row in ending
        ],
        "items": [_incident(row) for row in rows],
    }


def _incident(row: Row[tuple[object, ...]]) -> dict[str, object]:
    return {
        "id": row.id,
        "condition": row.condition,
        "place": row.place,
        "severity": row.severity,
        "raised_at": format_instant(row.raised_at),
        "acked": row.acked,
        "stale": row.stale,
        "case": row.case_id,
    }


def _cases(conn: Connection, watch: Watch) -> dict[str, object]:
    rows = conn.execute(
        select(
            cases.c.id,
            cases.c.number,
            cases.c.kind,
            cases.c.category,
            cases.c.severity,
            cases.c.area,
            cases.c.site,
            cases.c.unit,
            cases.c.step,
            cases.c.state,
            cases.c.clocks,
        ).where(*watch.parts("case", cases), cases.c.state.in_(("open", "paused")))
    ).all()
    lights = {row.id: _light(row.clocks, watch.now) for row in rows}
    by_light = Counter(lights.values())
    by_severity = Counter(str(row.severity) for row in rows)
    worst = sorted(
        rows,
        key=lambda row: (LIGHTS.index(lights[row.id]), SEVERITIES.index(row.severity), row.number),
    )
    return {
        "live": len(rows),
        "paused": sum(row.state == "paused" for row in rows),
        "by_light": {word: by_light[word] for word in LIGHTS if by_light[word]},
        "by_severity": {word: by_severity[word] for word in SEVERITIES if by_severity[word]},
        "items": [
            {
                "id": row.id,
                "number": row.number,
                "kind": row.kind,
                "category": row.category,
                "severity": row.severity,
                "area": row.area,
                "site": row.site,
                "unit": row.unit,
                "step": row.step,
                "state": row.state,
                "light": lights[row.id],
            }
            for row in worst[:NAMED]
        ],
    }


def _light(clocks: Sequence[Mapping[str, object]], now: datetime) -> str:
    """Of the step that is due, as alerts/clock.py shows it; `none` for a step without a limit."""
    last = clocks[-1] if clocks else None
    if last is None or last.get("done_at") is not None:
        return "none"
    at = cast("int", last["paused_at"] or to_ms(now))
    if at > cast("int", last["due_at"]):
        return "red"
    return "yellow" if at >= cast("int", last["yellow_at"]) else "green"


def _silences(conn: Connection, watch: Watch) -> list[dict[str, object]]:
    rows = conn.execute(
        select(silences)
        .where(*watch.parts("silence", silences), silences.c.over.is_(False), silences.c.ends_at > watch.now)
        .order_by(silences.c.ends_at, silences.c.id)
        .limit(NAMED)
    )
    return [
        {
            "id": row.id,
            "match": row.match,
            "reason": row.reason,
            "created_by": row.created_by,
            "ends_at": format_instant(row.ends_at),
        }
        for row in rows
    ]


def _devices(conn: Connection, watch: Watch, directory: Directory) -> list[dict[str, object]]:
    """Cameras that are blind and devices that are not heard, by id."""
    states = devices.all_states(conn)
    found: list[dict[str, object]] = []
    for key, device in sorted(directory.devices.items()):
        place = directory.visibility(key)
        state = states.get(key)
        if place.area not in watch.areas or not watch.sight.sees("device", place):
            continue
        if state is not None and state.state != "online":
            found.append(
                {
                    "device": key,
                    "kind": device.kind,
                    "site": device.site,
                    "state": state.state,
                    "reason": state.reason,
                    "since": format_instant(state.since),
                }
            )
    return found


def _happened(conn: Connection, watch: Watch) -> dict[str, int]:
    """How much was raised, cleared, acknowledged, judged, opened and closed since the shift began."""
    raised, cleared = (
        _since(conn, [*watch.parts("incident", incidents)], column, watch)
        for column in (incidents.c.raised_at, incidents.c.cleared_at)
    )
    opened = _since(conn, watch.parts("case", cases), cases.c.opened_at, watch)
    closed = _since(
        conn,
        [*watch.parts("case", cases), cases.c.state.in_(("closed", "false_alarm", "cancelled"))],
        cases.c.closed_at,
        watch,
    )
    return {
        "raised": raised,
        "cleared": cleared,
        "acknowledged": _acts(conn, watch, "incident.ack"),
        "judged": _acts(conn, watch, "incident.judge"),
        "opened": opened,
        "closed": closed,
    }


def _since(
    conn: Connection, parts: list[ColumnElement[bool]], column: ColumnElement[datetime], watch: Watch
) -> int:
    asked = select(func.count()).where(*parts, column >= watch.since, column <= watch.now)
    return int(conn.execute(asked).scalar_one())


def _acts(conn: Connection, watch: Watch, action: Literal["incident.ack", "incident.judge"]) -> int:
    """Acts on incidents that this person sees, from the trail."""
    joined = audit.join(incidents, incidents.c.id == audit.c.subject)
    asked = (
        select(func.count())
        .select_from(joined)
        .where(
            *watch.parts("incident", incidents),
            and_(audit.c.action == action, audit.c.at >= watch.since, audit.c.at <= watch.now),
        )
    )
    return int(conn.execute(asked).scalar_one())
