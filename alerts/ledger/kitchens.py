"""Kitchens: what happened at one kitchen since a moment, and what is not mended there; for its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Connection

from alerts.directory import DeviceEntry, Directory
from alerts.kitchen import BLIND, HOLDS, TO_CLEAN, Beyond, Limit, beyond
from alerts.ledger.devices import StoredState
from alerts.ledger.sieve import visible
from alerts.ledger.tables import cases, incidents, readings
from alerts.place import parse_place
from alerts.sight import Sight
from ingest.instant import format_instant

NAMED = 200
"""Incidents that are named one by one, the newest first; the numbers count all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which kitchen, by whom, since when; with its devices, their states and their limits."""

    site: str
    sight: Sight
    since: datetime
    now: datetime
    devices: Sequence[DeviceEntry] = ()
    states: Mapping[str, StoredState] = field(default_factory=dict)
    limits: Sequence[Limit] = ()


def report(conn: Connection, asked: Asked, directory: Directory) -> dict[str, object]:
    """Everything, JSON-ready; nobody who works there is named."""
    site = directory.sites[asked.site]
    open_here = _open_conditions(conn, asked)
    states = _states(asked, directory)
    return {
        "site": site.id,
        "name": site.name.as_dict(),
        "area": site.area,
        "since": format_instant(asked.since),
        "as_of": format_instant(asked.now),
        "incidents": _incidents(conn, asked, directory),
        "cases": _cases(conn, asked),
        "limits": _limits(conn, asked, directory),
        "silent": [each for each in states if each["kind"] != "camera"],
        "cameras": {
            "blind": sorted(
                {str(each["device"]) for each in states if each["kind"] == "camera"}
                | _at_cameras(open_here, BLIND, directory)
            ),
            "to_clean": sorted(_at_cameras(open_here, TO_CLEAN, directory)),
        },
    }


def _incidents(conn: Connection, asked: Asked, directory: Directory) -> dict[str, object]:
    here = [visible(asked.sight, "incident", incidents), incidents.c.site == asked.site]
    since = or_(incidents.c.raised_at >= asked.since, incidents.c.state == "open")
    counted = {
        name: conn.execute(select(func.count()).where(*here, condition)).scalar_one()
        for name, condition in (
            ("raised", incidents.c.raised_at >= asked.since),
            ("cleared", incidents.c.cleared_at >= asked.since),
            ("open", incidents.c.state == "open"),
        )
    }
    rows = conn.execute(
        select(incidents).where(*here, since).order_by(incidents.c.id.desc()).limit(NAMED)
    ).all()
    return {
        **counted,
        "items": [
            {
                "id": row.id,
                "condition": row.condition,
                "name": directory.condition_name(row.condition).as_dict(),
                "place": row.place,
                "severity": row.severity,
                "state": row.state,
                "stale": row.stale,
                "acked": row.acked,
                "raised_at": format_instant(row.raised_at),
                "cleared_at": format_instant(row.cleared_at),
                "minutes": round(((row.cleared_at or asked.now) - row.raised_at).total_seconds() / 60, 1),
                "value": row.value,
                "limit": row.limit,
                "case": row.case_id,
            }
            for row in rows
        ],
    }


def _cases(conn: Connection, asked: Asked) -> list[dict[str, object]]:
    """What is open there and not corrected, the oldest first."""
    rows = conn.execute(
        select(cases)
        .where(
            visible(asked.sight, "case", cases),
            cases.c.site == asked.site,
            cases.c.state.in_(("open", "paused")),
        )
        .order_by(cases.c.id)
        .limit(NAMED)
    )
    return [
        {
            "number": row.number,
            "category": row.category,
            "severity": row.severity,
            "state": row.state,
            "step": row.step,
            "unit": row.unit,
            "opened_at": format_instant(row.opened_at),
        }
        for row in rows
    ]


def _limits(conn: Connection, asked: Asked, directory: Directory) -> list[dict[str, object]]:
    """Each limit of a device that said anything about it, with the minutes beyond."""
    if not asked.sight.sees("reading", directory.visibility(asked.site)):
        return []
    found: list[dict[str, object]] = []
    for limit in asked.limits:
        counted = _beyond(conn, asked, limit)
        if counted.latest is None:
            continue
        found.append(
            {
                "device": limit.device,
                "name": directory.devices[limit.device].name.as_dict(),
                "rule": limit.rule,
                "quantity": limit.quantity,
                "above": limit.above,
                "below": limit.below,
                "minutes": counted.minutes,
                "known_minutes": counted.known,
                "worst": counted.worst,
                "latest": counted.latest,
            }
        )
    return found


def _beyond(conn: Connection, asked: Asked, limit: Limit) -> Beyond:
    rows = conn.execute(
        select(readings.c.at, readings.c.value)
        .where(
            readings.c.device == limit.device,
            readings.c.quantity == limit.quantity,
            readings.c.at > asked.since - HOLDS,
            readings.c.at < asked.now,
            readings.c.quality == "good",
        )
        .order_by(readings.c.at)
    )
    values = [(cast("datetime", at), float(value)) for at, value in rows]
    return beyond(values, limit, start=asked.since, end=asked.now)


def _states(asked: Asked, directory: Directory) -> list[dict[str, object]]:
    """Devices of the kitchen that are not online."""
    found: list[dict[str, object]] = []
    for device in asked.devices:
        state = asked.states.get(device.id)
        if state is None or state.state == "online":
            continue
        if asked.sight.sees("device", directory.visibility(device.id)):
            found.append(
                {
                    "device": device.id,
                    "kind": device.kind,
                    "name": device.name.as_dict(),
                    "state": state.state,
                    "reason": state.reason,
                    "since": format_instant(state.since),
                }
            )
    return found


def _open_conditions(conn: Connection, asked: Asked) -> list[tuple[str, str]]:
    """(place, condition) of what is open there about cameras."""
    rows = conn.execute(
        select(incidents.c.place, incidents.c.condition).where(
            visible(asked.sight, "incident", incidents),
            incidents.c.site == asked.site,
            incidents.c.state == "open",
            incidents.c.condition.in_(sorted(BLIND | TO_CLEAN)),
        )
    )
    return [(str(place), str(condition)) for place, condition in rows]


def _at_cameras(
    open_here: Sequence[tuple[str, str]], conditions: frozenset[str], directory: Directory
) -> set[str]:
    """The cameras that one of these conditions is open at."""
    places = {parse_place(place).base for place, condition in open_here if condition in conditions}
    return {each for each in places if each in directory.devices}
