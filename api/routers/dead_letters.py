"""Dead letters: what was given up, listed and sent again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.ledger import dead_letters
from alerts.ledger.dead_letters import Of
from alerts.ledger.engine import Connection
from api.answers import Paging, items, paging
from api.changes import Once, change, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import note

router = APIRouter(prefix="/dead-letters", tags=["webhooks"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(hub: Hub, who: Principal, letter: str) -> object:
    """Raises NotFound unless this reader sees it."""
    with hub.ledger.read() as conn:
        dead_letters.seen(conn, who.sight, letter)
    return letter


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("delivery.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    of: Annotated[Of | None, Query(description="events of webhooks, or notices of channels")] = None,
) -> Response:
    """Events and notices that were given up, the latest first; `id` is the message id that they were sent with."""
    with hub.ledger.read() as conn:
        found = dead_letters.page(conn, who.sight, of=of, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.post("/{letter}/replay")
def replay(
    letter: str,
    who: Annotated[Principal, needs("delivery.replay", seen=seen)],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Send one again, with the same message id."""

    def act(tx: Connection) -> dict[str, object]:
        done = dead_letters.replay(tx, letter, hub.now())
        note(tx, hub, who, "delivery.replay", letter)
        return {"replayed": done}

    return change(hub, who, same, act)
