"""Cases as rows, for what counts them: written straight into the ledger's tables, as histories leave them there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.ledger.tables import cases, incidents


@dataclass(frozen=True)
class Step:
    """One clock of a case."""

    step: str
    due: datetime
    done: datetime | None = None
    paused: datetime | None = None
    completed: bool = True


@dataclass(frozen=True)
class Row:
    """One case."""

    number: int
    area: str
    unit: str | None
    kind: str
    state: str
    opened: datetime
    accepted: bool = True
    closed: datetime | None = None
    returns: int = 0
    reopens: int = 0
    score: int | None = None
    steps: tuple[Step, ...] = field(default=())


def put(conn: Connection, rows: Iterable[Row]) -> None:
    """Into the three tables that reports read."""
    for row in rows:
        key = f"case-{row.number}"
        conn.execute(
            insert(cases).values(
                id=key,
                number=f"2026-{row.number:06d}",
                workflow="seven-step",
                step="accept",
                state=row.state,
                kind=row.kind,
                category=row.kind,
                severity="minor",
                area=row.area,
                site=None,
                site_kind=None,
                units=f",{row.unit}," if row.unit else "",
                unit=row.unit,
                mastered_by="hub",
                source="hub",
                title="t",
                description="",
                opened_at=row.opened,
                updated_at=row.opened,
                closed_at=row.closed,
                clocks=[],
                handlers=[],
                extension_asked=False,
                version=1,
            )
        )
        conn.execute(
            insert(case_figures).values(
                case_id=key,
                accepted_at=row.opened + timedelta(minutes=5) if row.accepted else None,
                returns=row.returns,
                reopens=row.reopens,
                score=row.score,
                score_by=None if row.score is None else "reporter",
                score_how=None if row.score is None else "call",
            )
        )
        for n, step in enumerate(row.steps):
            conn.execute(
                insert(case_steps).values(
                    case_id=key,
                    n=n,
                    step=step.step,
                    unit=row.unit,
                    started_at=step.due - timedelta(hours=4),
                    due_at=step.due,
                    paused_at=step.paused,
                    done_at=step.done,
                    completed=step.completed and step.done is not None,
                )
            )


def put_incident(
    conn: Connection,
    number: int,
    *,
    raised: datetime,
    place: str = "school",
    area: str = "east",
    condition: str = "fridge-warm",
    state: str = "cleared",
    stale: bool = False,
    flapping: bool = False,
    verdict: bool | None = None,
) -> None:
    """One incident."""
    conn.execute(
        insert(incidents).values(
            id=f"incident-{number}",
            kind="threshold",
            condition=condition,
            place=place,
            severity="major",
            area=area,
            site=place,
            site_kind="canteen-school",
            units="",
            state=state,
            stale=stale,
            flapping=flapping,
            acked=False,
            verdict=verdict,
            raised_at=raised,
            updated_at=raised,
            cleared_at=None if state == "open" else raised,
            count=1,
            certainty=1.0,
            members=[],
            explanation={"zh": "", "en": ""},
            sources=[],
        )
    )
