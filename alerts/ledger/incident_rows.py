"""Incident rows: an incident as columns, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, literal_column

from alerts.incident import Incident, Source
from alerts.ledger.columns import from_ms, to_ms
from alerts.ledger.sieve import standing
from alerts.ledger.tables import incidents
from alerts.sight import Visibility
from ingest.text import Text

OPEN = incidents.c.state == literal_column("'open'")
"""Open, written out: a database uses the partial index only for a condition that it can read."""

RENEWED = (
    "updated_at",
    "value",
    "limit",
    "count",
    "certainty",
    "explanation",
    "sources",
    "due_at",
)
"""The columns that hearing an incident again may change."""

SIGNALLED = (*RENEWED, "kind", "severity", "state", "stale", "flapping", "raised_at", "cleared_at", "members")
"""Every column that signals decide."""

STORED = tuple(
    incidents.c[name]
    for name in (
        "id", "condition", "place", "sources", "state", "cleared_at", "updated_at", "members", "flapping",
        "area", "site_kind", "site", "units", "case_id", "absorbed_into",
    )
)  # fmt: skip
"""What stored() reads: no more, for it is read for every signal."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident and what the ledger keeps beside it."""

    incident: Incident
    place: Visibility = field(default_factory=Visibility)
    case: str | None = None
    absorbed_into: str | None = None


def columns(incident: Incident) -> dict[str, object]:
    """The columns SIGNALLED."""
    return {
        "kind": incident.kind,
        "severity": incident.severity,
        "state": incident.state,
        "stale": incident.stale,
        "flapping": incident.flapping,
        "raised_at": incident.raised_at,
        "cleared_at": incident.cleared_at,
        "members": list(incident.members),
        **renewed(incident),
    }


def changed(key: str, values: Mapping[str, object]) -> dict[str, object]:
    """Values as parameters `new_…` of an UPDATE, and the id as `key`."""
    return {"key": key, **{f"new_{name}": value for name, value in values.items()}}


def stored(row: Row[tuple[object, ...]]) -> Stored:
    """The value of a row that has the columns STORED."""
    incident = Incident(
        id=row.id,
        condition=row.condition,
        place=row.place,
        sources=tuple(_source(each) for each in row.sources),
        state=row.state,
        cleared_at=row.cleared_at,
        touched_at=row.updated_at,
        members=tuple(row.members),
        flapping=row.flapping,
    )
    return Stored(
        incident, standing(row.area, row.site_kind, row.site, row.units), row.case_id, row.absorbed_into
    )


def renewed(incident: Incident) -> dict[str, object]:
    """The columns RENEWED."""
    lead = incident.lead
    return {
        "updated_at": incident.updated_at,
        "value": lead.value,
        "limit": lead.limit,
        "count": incident.count,
        "certainty": incident.certainty,
        "explanation": (incident.explanation if incident.flapping else lead.explanation).as_dict(),
        "sources": [_source_row(each) for each in incident.sources],
        "due_at": incident.due_at,
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


def _source(row: dict[str, Any]) -> Source:
    """What _source_row() wrote."""
    return Source(
        rule=row["rule"],
        device=row["device"],
        kind=row["kind"],
        epoch=row["epoch"],
        n=row["n"],
        state=row["state"],
        at=from_ms(row["at"]),
        renewed_at=from_ms(row["renewed_at"]),
        first_at=None if row["first_at"] is None else from_ms(row["first_at"]),
        active_epoch=row["active_epoch"],
        active_n=row["active_n"],
        severity=row["severity"],
        value=row["value"],
        limit=row["limit"],
        certainty=row["certainty"],
        explanation=Text(**row["explanation"]),
        said=row.get("said"),  # absent in rows of before
    )
