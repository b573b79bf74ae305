"""Reconcile (对账): a day's cases held against what the command platform has; what differs is a list until mended."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts import reconciliation
from alerts.ledger import conflicts, reconciling
from alerts.ledger.conflicts import Kind
from alerts.ledger.engine import Connection
from alerts.reconcile import Line
from alerts.workflow import Status
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import actor

router = APIRouter(prefix="/cases", tags=["cases"])

HubHere = Annotated[Hub, Depends(hub_of)]


class TheirCase(BaseModel):
    """One case as the platform has it."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(
        min_length=1, max_length=100, description="the hub's number, as it came with the event"
    )
    external_id: str | None = Field(default=None, max_length=200)
    state: Status
    version: int | None = Field(default=None, ge=0, description="of the last event that was taken in")


class TheirDay(BaseModel):
    """One day as the platform has it."""

    model_config = ConfigDict(extra="forbid")

    date: date
    counts: dict[Status, int] = Field(default_factory=dict, description="state to number of cases")
    hash: str = Field(default="", max_length=64, description="sha256 as GET /cases/reconcile explains")
    cases: list[TheirCase] | None = Field(default=None, max_length=20_000)


@router.get("/reconcile")
def reconcile(
    *,
    who: Annotated[Principal, needs("case.reconcile")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    day: Annotated[date | None, Query(alias="date", description="local day; left out: today")] = None,
) -> Response:
    """Counts by state and source of the cases opened on one day of the county, their hash, and their lines.

    `hash` is sha256 over `number,external_id,state,version` with a line feed each, in the order of the numbers:
    the same cases in the same state, the same hash. `cases` is paged by `limit` and `cursor`; the hash is over all.
    """
    directory = hub.directory()
    wanted = day or reconciliation.today(directory, hub.now())
    with hub.ledger.read() as conn:
        found = reconciliation.day_of(conn, who.sight, wanted, directory)
        made = reconciling.results(conn, wanted.isoformat())
    rest = [each for each in found.cases if paged.cursor is None or each.line.number > paged.cursor]
    page = rest[: paged.limit]
    more = len(rest) > len(page)
    return answer(
        {
            **found.as_dict(),
            "cases": [{**each.line.as_dict(), "confirmed": each.confirmed} for each in page],
            "next": page[-1].line.number if more else None,
            "compared": made,
        }
    )


@router.post("/reconcile")
def settle(
    given: TheirDay,
    who: Annotated[Principal, needs("case.settle")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """The platform's day: `differences` against the hub's, listed until they are mended.

    Counts and hash alone say whether the day agrees; when it does not, send it again with `cases`.
    """
    theirs = reconciliation.Theirs(
        day=given.date,
        counts={str(state): count for state, count in given.counts.items()},
        hash=given.hash,
        cases=None
        if given.cases is None
        else [Line(each.number, each.external_id or "", each.state, each.version) for each in given.cases],
    )

    def act(tx: Connection) -> dict[str, object]:
        return reconciliation.settle(
            tx, who.sight, theirs, who=actor(who), directory=hub.directory(), now=hub.now()
        )

    return change(hub, who, same, act)


@router.get("/conflicts")
def page(
    *,
    who: Annotated[Principal, needs("case.reconcile")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    day: Annotated[date | None, Query(alias="date")] = None,
    kind: Kind | None = None,
    case: Annotated[str | None, Query(max_length=100, description="id or number")] = None,
    settled: bool = False,
) -> Response:
    """What the hub and the platform do not agree on, the newest first; `settled=true`: what is mended."""
    with hub.ledger.read() as conn:
        found = conflicts.page(
            conn,
            who.sight,
            day=None if day is None else day.isoformat(),
            kind=kind,
            case=case,
            settled=settled,
            limit=paged.limit,
            cursor=paged.cursor,
        )
    return items(found.items, found.next)
