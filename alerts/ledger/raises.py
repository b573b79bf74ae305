"""Raises in the ledger: what decided each raise at a camera, as the worker told it beside the pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, delete, func, select
from sqlalchemy.engine import Connection

from alerts.ledger.damping_tables import raises
from alerts.ledger.purges import Purged
from alerts.ledger.tables import incidents
from alerts.ledger.upsert import add_missing
from detectors.damping import Box, Thing
from detectors.raised import Raised

MOST = 2_000
"""Raises of one rule that a damping or a changed rule is tried on: the newest."""


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
            {"label": each.label, "box": each.box, "first_box": each.first_box, "certainty": each.certainty}
            for each in raised.things
        ],
    }
    add_missing(conn, raises, [row])


def of_incident(conn: Connection, incident: str) -> Raised | None:
    """What decided it, None where nothing is known of that."""
    row = conn.execute(_JOINED.where(raises.c.incident_id == incident)).one_or_none()
    return None if row is None else _raised(row)


def of_rule(conn: Connection, rule: str, devices: Collection[str], *, since: datetime) -> list[Raised]:
    """Those of one rule at these cameras, the newest first, at most MOST."""
    wanted = _JOINED.where(raises.c.rule == rule, raises.c.device.in_(devices), raises.c.at >= since)
    return [_raised(row) for row in conn.execute(wanted.order_by(raises.c.at.desc()).limit(MOST))]


def forget(conn: Connection, before: datetime) -> int:
    """Deletes those from before that moment; dampings that came of them go on."""
    return conn.execute(delete(raises).where(raises.c.at < before)).rowcount


def due(conn: Connection, before: datetime) -> list[Purged]:
    """What forget() deletes."""
    old = select(
        func.count().label("n"), func.min(raises.c.at).label("since"), func.max(raises.c.at).label("until")
    )
    row = conn.execute(old.where(raises.c.at < before)).one()
    return [Purged("raises", row.n, row.since, row.until)] if row.n else []


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
                str(each["label"]),
                _box(each["box"]),
                _box(each["first_box"]) if each["first_box"] else None,
                cast("float | None", each.get("certainty")),  # raises of an older version have none
            )
            for each in things
        ),
        verdict=row.verdict,
    )


def _box(found: object) -> Box:
    left, top, right, bottom = cast("Sequence[float]", found)
    return left, top, right, bottom
