"""Platform: what the command platform tells of a case that it is master of; and which cases are near another."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts import mastering
from alerts.ledger.engine import Connection
from alerts.ledger.near import near_cases
from alerts.master import PlatformState, Told
from api.answers import answer
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.routers.cases import seen
from api.trail import actor

router = APIRouter(prefix="/cases", tags=["cases"])

HubHere = Annotated[Hub, Depends(hub_of)]


class Telling(BaseModel):
    """A case as the command platform has it; `version` or `updated_at` says which telling is newer."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = Field(min_length=1, max_length=200)
    number: str = Field(min_length=1, max_length=200, description="as people read it there")
    state: PlatformState
    step: str | None = Field(default=None, max_length=60, description="word of the case's workflow")
    unit: str | None = Field(
        default=None, max_length=100, description="its own code, or an id of the registry"
    )
    version: int | None = Field(default=None, ge=0, lt=2**63)
    updated_at: AwareDatetime | None = None


@router.put("/{case}/platform")
def tell(
    *,
    case: str,
    given: Telling,
    who: Annotated[Principal, needs("case.master", seen=seen)],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """`{result, case}`: `new` was taken, `same` was known, anything else was ignored and is in GET /cases/conflicts."""
    stamp = None if given.updated_at is None else given.updated_at.astimezone(UTC)
    told = Told(
        external_id=given.external_id,
        number=given.number,
        state=given.state,
        step=given.step,
        unit=given.unit,
        version=given.version,
        # the ledger keeps milliseconds; a finer stamp would never be the same again
        updated_at=stamp and stamp.replace(microsecond=stamp.microsecond // 1000 * 1000),
        received_at=hub.now(),
    )

    def act(tx: Connection) -> dict[str, object]:
        return mastering.tell(
            tx, who.sight, case, told, who=actor(who), directory=hub.directory(), now=hub.now()
        ).as_dict()

    return change(hub, who, same, act)


@router.get("/{case}/near")
def near(case: str, who: Annotated[Principal, needs("case.read", seen=seen)], hub: HubHere) -> Response:
    """Live cases that may be about the same: within 50 m or at one site, of one category or kind, within 24 h."""
    with hub.ledger.read() as conn:
        found = near_cases(conn, who.sight, case, hub.directory())
    return answer({"items": [each.as_dict() for each in found], "next": None})
