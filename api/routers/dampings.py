"""Dampings: what was judged false is not raised again at that spot, for a while, once its cost was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts import damp
from alerts.ledger import dampings
from alerts.ledger.engine import Connection
from alerts.ledger.raises import MOST
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import actor, note
from config.apply import read_registry
from detectors.damping import LASTS
from detectors.rule import Duration

router = APIRouter(prefix="/dampings", tags=["dampings"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(hub: Hub, who: Principal, damping: str) -> dict[str, object]:
    """The damping, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return dampings.get(conn, who.sight, damping, now=hub.now())


class Wanted(BaseModel):
    """What is to be damped, and for how long."""

    model_config = ConfigDict(extra="forbid")

    incident: str = Field(min_length=1, max_length=100, description="that was judged false")
    lasts: Duration = Field(default=LASTS, alias="for", description="90m, 4h, 14d; at most 90d")


class Confirmed(Wanted):
    """The same, with the incidents that `POST /dampings/try` showed as lost."""

    lost: tuple[str, ...] = Field(max_length=MOST)


def _proposed(conn: Connection, hub: Hub, who: Principal, incident: str, lasts: timedelta) -> damp.Proposal:
    return damp.propose(
        conn,
        who.sight,
        incident,
        rules={each.id: each for each in read_registry(conn).rules},
        lasts=lasts,
        directory=hub.directory(),
        now=hub.now(),
    )


@router.post("/try")
def try_out(given: Wanted, who: Annotated[Principal, needs("damping.write")], hub: HubHere) -> Response:
    """What would be damped, and which stored incidents of the same rule and camera would not have been."""
    with hub.ledger.read() as conn:
        return answer(_proposed(conn, hub, who, given.incident, given.lasts).as_dict())


@router.post("", status_code=201)
def begin(
    *,
    given: Confirmed,
    who: Annotated[Principal, needs("damping.write")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """It takes effect within seconds; 409 when others would be lost by now than `lost` says."""

    def act(tx: Connection) -> dict[str, object]:
        proposal = _proposed(tx, hub, who, given.incident, given.lasts)
        now = hub.now()
        damp.begin(tx, proposal, confirmed=given.lost, who=actor(who), directory=hub.directory(), now=now)
        return {"items": [dampings.get(tx, who.sight, each.id, now=now) for each in proposal.entries]}

    return change(hub, who, same, act, status=201)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("damping.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    state: Literal["active", "over"] | None = None,
    device: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Dampings of the own places, the newest first; those that are over stay."""
    with hub.ledger.read() as conn:
        found = dampings.page(
            conn, who.sight, now=hub.now(), state=state, device=device, limit=paged.limit, cursor=paged.cursor
        )
    return items(found.items, found.next)


@router.get("/{damping}")
def one(damping: str, who: Annotated[Principal, needs("damping.read", seen=seen)], hub: HubHere) -> Response:
    """One damping."""
    return answer(seen(hub, who, damping))


@router.delete("/{damping}")
def end(damping: str, who: Annotated[Principal, needs("damping.write", seen=seen)], hub: HubHere) -> Response:
    """End it now: the rule sees everything again. It stays in the list; 409 when it is over already."""
    area = seen(hub, who, damping)["area"]

    def act(tx: Connection) -> None:
        dampings.end(tx, damping, who=who.name, now=hub.now())
        note(tx, hub, who, "damping.end", damping, area=area if isinstance(area, str) else None)

    commit(hub, act)
    return Response(status_code=204)
