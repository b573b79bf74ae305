"""The event log, read page by page or listened to."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Response, WebSocket

from alerts.ledger import events
from api.answers import DEFAULT_LIMIT, MOST, answer
from api.guard import hub_of, needs, socket
from api.hub import Hub
from api.push import Tailer
from api.rights import Principal

router = APIRouter(tags=["events"])

HubHere = Annotated[Hub, Depends(hub_of)]
MOST_SEQ = 2**62
"""Fits every database."""

Reader = Annotated[Principal, needs("event.read")]


@router.get("/events")
def page(
    who: Reader,
    hub: HubHere,
    after: Annotated[int, Query(ge=0, le=MOST_SEQ, description="seq; 0 is from the oldest kept")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
) -> Response:
    """Events after a seq, in order; `next` is the seq to go on from, `head` the newest. Older than kept: 410."""
    with hub.ledger.read() as conn:
        found = events.after(conn, after, limit, who.sight)
        head = events.head(conn)
    following = found[-1].seq if len(found) == limit else max(head, after)
    return answer({"items": [each.as_dict() for each in found], "next": following, "head": head})


@router.websocket("/events/ws", dependencies=[socket("event.read")])
async def listen(
    ws: WebSocket,
    after: Annotated[int | None, Query(ge=0, le=MOST_SEQ, description="seq; left out: from now")] = None,
) -> None:
    """Committed events in order, filtered to the reader's rights, with a heartbeat."""
    await cast("Tailer", ws.app.state.tailer).serve(ws, after)
