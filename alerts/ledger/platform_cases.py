"""Platform cases: what the command platform last told of the cases that it is master of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from alerts.ledger.platform_tables import platform_cases
from alerts.ledger.upsert import put
from alerts.master import Told
from ingest.instant import format_instant

PLATFORM: Final = "platform"


def last(conn: Connection, case: str) -> Told | None:
    """What was told last of a case, None when nothing was."""
    row = conn.execute(select(platform_cases).where(platform_cases.c.case_id == case)).one_or_none()
    return None if row is None else _told(row)


def keep(conn: Connection, case: str, told: Told) -> None:
    """What counts from now on; the index refuses an external id that another case has."""
    put(
        conn,
        platform_cases,
        {
            "case_id": case,
            "external_id": told.external_id,
            "number": told.number,
            "state": told.state,
            "step": told.step,
            "unit": told.unit,
            "version": told.version,
            "updated_at": told.updated_at,
            "received_at": told.received_at,
        },
    )


def case_of(conn: Connection, external_id: str) -> str | None:
    """The id of the case that has this external id, None when none has."""
    found = conn.execute(
        select(platform_cases.c.case_id).where(platform_cases.c.external_id == external_id)
    ).scalar()
    return None if found is None else str(found)


def of_cases(conn: Connection, cases: Collection[str]) -> dict[str, dict[str, object]]:
    """What was told last of each of these cases, as it is shown; those without are not there."""
    if not cases:
        return {}
    rows = conn.execute(select(platform_cases).where(platform_cases.c.case_id.in_(sorted(cases))))
    return {
        row.case_id: {
            "external_id": row.external_id,
            "number": row.number,
            "state": row.state,
            "step": row.step,
            "unit": row.unit,
            "version": row.version,
            "updated_at": format_instant(row.updated_at),
            "received_at": format_instant(row.received_at),
        }
        for row in rows
    }


def _told(row: Row[tuple[object, ...]]) -> Told:
    return Told(
        external_id=row.external_id,
        number=row.number,
        state=row.state,
        step=row.step,
        unit=row.unit,
        version=row.version,
        updated_at=row.updated_at,
        received_at=row.received_at,
    )
