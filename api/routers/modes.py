"""Modes: an area goes into emergency and back, in one act."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.ledger import modes
from alerts.ledger.engine import Connection
from alerts.switch import switch
from api.answers import Paging, items, paging
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import actor

router = APIRouter(prefix="/modes", tags=["modes"])

HubHere = Annotated[Hub, Depends(hub_of)]


class Switch(BaseModel):
    """Which mode, where, why, and until when at the latest."""

    model_config = ConfigDict(extra="forbid")

    mode: str = Field(
        min_length=1, max_length=100, description="emergency, another of the registry, or peace"
    )
    area: str = Field(min_length=1, max_length=100, description="with everything below it")
    reason: str = Field(min_length=1, max_length=2000)
    until: AwareDatetime | None = Field(
        default=None, description="ends by itself then; left out: by peace only"
    )


@router.get("")
def page(
    who: Annotated[Principal, needs("mode.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """Every stretch, the newest first; `in_force` says which hold now."""
    with hub.ledger.read() as conn:
        found = modes.page(conn, who.sight, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.post("", status_code=201)
def put(
    given: Switch,
    who: Annotated[Principal, needs("mode.switch")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """One act: cameras, routes, limits and loudspeakers of the area follow it without a restart."""
    until: datetime | None = given.until

    def act(tx: Connection) -> dict[str, object]:
        return switch(
            tx,
            who.sight,
            given.mode,
            given.area,
            reason=given.reason,
            until=until,
            who=actor(who),
            directory=hub.directory(),
            now=hub.now(),
        )

    return change(hub, who, same, act, status=201)
