"""Test alarms: a rehearsal of the whole chain, and how far each one came."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.ids import new_id
from alerts.ledger import alarms
from alerts.ledger.engine import Connection
from api.answers import Paging, items, paging
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, may
from api.trail import note

router = APIRouter(prefix="/test-alarms", tags=["duty"])

HubHere = Annotated[Hub, Depends(hub_of)]


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("test-alarm.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """The newest first: each leg of the way with its time, or the leg that failed."""
    with hub.ledger.read() as conn:
        found = alarms.page(conn, who.sight, limit=paged.limit, cursor=paged.cursor)
    hidden: dict[str, object] = {} if may(who, "duty.names") else {"asked_by": None, "told": []}
    return items([{**each, **hidden} for each in found.items], found.next)


@router.post("", status_code=201)
def ask(
    *,
    who: Annotated[Principal, needs("test-alarm.create")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Sends one through broker, intake and ledger to those on duty; it is no incident and opens no case."""
    asked: list[str] = []

    def act(tx: Connection) -> dict[str, object]:
        now = hub.now()
        key = new_id(now)
        alarms.ask(tx, key, slot=key, who=who.name, now=now)
        note(tx, hub, who, "test-alarm.ask", key)
        asked.append(key)
        return alarms.get(tx, key)

    answered = change(hub, who, same, act, status=201)
    for key in asked:
        hub.test_alarm(key)
    return answered
