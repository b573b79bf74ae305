"""Cases: listed, opened and acted upon."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts import desk
from alerts.case import Request as CaseRequest
from alerts.intake import Report, report
from alerts.ledger import attachments, cases
from alerts.ledger.engine import Connection
from alerts.mapping import Codes
from alerts.score import By, How, score_of
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.query import below, since_of
from api.rights import Principal, may
from api.trail import actor
from config.secrets import SecretBox
from detectors.signal import Severity

router = APIRouter(prefix="/cases", tags=["cases"])

HubHere = Annotated[Hub, Depends(hub_of)]
Word = Annotated[str | None, Query(max_length=100)]
SameAs = Annotated[Once, Depends(once)]


def seen(hub: Hub, who: Principal, case: str) -> dict[str, object]:
    """The case with its history, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return cases.get(conn, who.sight, case, now=hub.now())


def whole(hub: Hub, case: dict[str, object]) -> dict[str, object]:
    """The case with its photos and what the catalogue says about its category (null when it says nothing)."""
    row = hub.directory().categories.get(str(case["category"]))
    with hub.ledger.read() as conn:
        photos = attachments.shown(conn, str(case["id"]))
    return {**case, "catalogue": row.as_dict() if row else None, "attachments": photos}


class GivenCodes(BaseModel):
    """What the sender calls it in its own codes; translated by GET /mappings/{noun}."""

    model_config = ConfigDict(extra="forbid")

    category: str | None = Field(default=None, min_length=1, max_length=100)
    unit: str | None = Field(default=None, min_length=1, max_length=100)
    area: str | None = Field(default=None, min_length=1, max_length=100)


class NewCase(BaseModel):
    """A case that no incident opened: somebody called, wrote or saw."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(default="", max_length=100, description="may be left out when codes.category is given")
    site: str | None = Field(default=None, max_length=100)
    area: str | None = Field(default=None, max_length=100)
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    source: Literal["hotline", "grid", "public", "operator", "platform"]
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    severity: Severity | None = Field(default=None, description="left out: of the category, else minor")
    category: str | None = Field(default=None, max_length=63, description="a row of GET /categories")
    codes: GivenCodes = GivenCodes()
    reporter: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="name, telephone or reference of who reported; sealed, opened by right",
    )


class NewAction(BaseModel):
    """What is done to a case."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(min_length=1, max_length=60, description="word of the workflow's table")
    note: str = Field(default="", max_length=4000)
    to: str | None = Field(
        default=None, max_length=100, description="unit, case or area, as the action needs"
    )
    attachments: list[str] = Field(default_factory=list, max_length=20)
    expect_version: int | None = Field(default=None, ge=0, description="the version the writer saw")
    score: int | None = Field(default=None, ge=1, le=5, description="how satisfied somebody is")
    by: By | None = Field(default=None, description="with a score: who answered")
    how: How | None = Field(default=None, description="with a score: how he was asked")


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("case.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    since: Annotated[datetime | None, Depends(since_of)],
    state: Literal["open", "paused", "closed", "false_alarm", "cancelled", "merged"] | None = None,
    kind: Word = None,
    category: Word = None,
    severity: Word = None,
    site: Word = None,
    area: Word = None,
    unit: Word = None,
    step: Word = None,
    source: Word = None,
) -> Response:
    """Cases without their histories, the newest first; `area` includes what lies below it."""
    wanted = cases.Wanted(
        state=state,
        kind=kind,
        category=category,
        severity=severity,
        site=site,
        areas=below(hub, area),
        unit=unit,
        step=step,
        source=source,
        since=since,
    )
    with hub.ledger.read() as conn:
        found = cases.page(
            conn, who.sight, now=hub.now(), wanted=wanted, limit=paged.limit, cursor=paged.cursor
        )
    return items(found.items, found.next)


@router.post("", status_code=201)
def add(
    given: NewCase, who: Annotated[Principal, needs("case.create")], hub: HubHere, same: SameAs
) -> Response:
    """Open a case; the same source and external_id again answers the case that is there.

    The answer has `near`: live cases that may be about the same, for merging by hand.
    """
    fields = given.model_dump(exclude={"codes", "reporter"})
    sealed = None if given.reporter is None else SecretBox(hub.settings.secret).seal(given.reporter)
    new = Report(**fields, codes=Codes(**given.codes.model_dump()), reporter=sealed)

    def act(tx: Connection) -> dict[str, object]:
        return report(tx, who.sight, new, who=actor(who), directory=hub.directory(), now=hub.now()).case

    return change(hub, who, same, act, status=201)


@router.get("/{case}")
def one(case: str, who: Annotated[Principal, needs("case.read", seen=seen)], hub: HubHere) -> Response:
    """One case with its history, its photos and its category, by id or number; and what the reader may do to it."""
    found = whole(hub, seen(hub, who, case))
    with hub.ledger.read() as conn:
        beside = desk.offered(
            conn, who.sight, case, who=actor(who), acts=may(who, "case.act"), directory=hub.directory()
        )
    return answer({**found, **beside})


@router.post("/{case}/actions")
def act(
    *,
    case: str,
    given: NewAction,
    who: Annotated[Principal, needs("case.act", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """One action of the workflow's table: 409 when `expect_version` is stale, 422 when the table lacks it."""
    wanted = CaseRequest(
        action=given.action,
        note=given.note,
        to=given.to,
        attachments=tuple(given.attachments),
        expect_version=given.expect_version,
        score=score_of(given.score, given.by, given.how),
    )

    def work(tx: Connection) -> dict[str, object]:
        return desk.act(tx, who.sight, case, wanted, who=actor(who), directory=hub.directory(), now=hub.now())

    return change(hub, who, same, work)
