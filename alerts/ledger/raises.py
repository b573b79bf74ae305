"""Raises in the ledger: what decided each raise at a camera, as the worker told it beside the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from alerts.ledger.damping_tables import raises
from alerts.ledger.tables import incidents
from alerts.ledger.upsert import add_missing
from detectors.damping import Box, Thing
from detectors.raised import Raised

MOST = 2_000
"""Raises of one rule at one camera that a damping is tried on: the newest."""


def keep(conn: Connection, raised: Raised) -> None:
    """What decided an incident's first raise; told again it stays as it is."""
    row = {
        "incident_id": raised.incident,
        "rule": raised.rule,
        "device": raised.device,
        "severity": raised.severity,
        "at": raised.at,
        "aspect": raised.aspect,
        "things": [
            {"label": each.label, "box": each.box, "first_box": each.first_box} for each in raised.things
        ],
    }
    add_missing(conn, raises, [row])


def of_incident(conn: Connection, incident: str) -> Raised | None:
    """What decided it, None where nothing is known of that."""
    row = conn.execute(_JOINED.where(raises.c.incident_id == incident)).one_or_none()
    return None if row is None else _raised(row)


def of_rule(conn: Connection, rule: str, device: str, *, since: datetime) -> list[Raised]:
    """Those of one rule at one camera, the newest first, at most MOST."""
    rows = conn.execute(
        _JOINED.where(raises.c.device == device, raises.c.rule == rule, raises.c.at >= since)
        .order_by(raises.c.at.desc())
        .limit(MOST)
    )
    return [_raised(row) for row in rows]


_JOINED = select(raises, incidents.c.verdict).join(incidents, incidents.c.id == raises.c.incident_id)


def _raised(row: Row[tuple[object, ...]]) -> Raised:
    things = cast("Sequence[Mapping[str, object]]", row.things)
    return Raised(
        incident=row.incident_id,
        rule=row.rule,
        device=row.device,
        severity=row.severity,
        at=row.at,
        aspect=row.aspect,
        things=tuple(
            Thing(
                str(each["label"]), _box(each["box"]), _box(each["first_box"]) if each["first_box"] else None
            )
            for each in things
        ),
        verdict=row.verdict,
    )


def _box(found: object) -> Box:
    left, top, right, bottom = cast("Sequence[float]", found)
    return left, top, right, bottom
