"""Readings of sensors: what was measured, and what is being measured."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Response, WebSocket

from alerts.ledger import readings
from alerts.ledger.reading_spans import RESOLUTIONS
from api.answers import Paging, items, paging
from api.feed import ReadingFeed, Wanted
from api.guard import hub_of, needs, socket
from api.hub import Hub
from api.query import since_of, until_of
from api.rights import Principal

router = APIRouter(tags=["readings"])

HubHere = Annotated[Hub, Depends(hub_of)]
Reader = Annotated[Principal, needs("reading.read")]
Word = Annotated[str | None, Query(max_length=100)]


@router.get("/readings")
def page(
    *,
    who: Reader,
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    since: Annotated[datetime | None, Depends(since_of)],
    until: Annotated[datetime | None, Depends(until_of)],
    resolution: Literal["raw", "1m", "1h"] = "raw",
    device: Word = None,
    quantity: Word = None,
) -> Response:
    """Readings in the order of their `at`; without `device`: of every device that may be seen.

    `1m` and `1h` answer mean, lowest, highest and number for each minute or hour that is over.
    """
    with hub.ledger.read() as conn:
        found = readings.page(
            conn,
            who.sight,
            directory=hub.directory(),
            device=device,
            quantity=quantity,
            since=since,
            until=until,
            resolution=RESOLUTIONS[resolution],
            limit=paged.limit,
            cursor=paged.cursor,
        )
    return items(found.items, found.next)


@router.websocket("/readings/ws", dependencies=[socket("reading.read")])
async def listen(
    ws: WebSocket, device: Word = None, quantity: Word = None, batch: Annotated[bool, Query()] = False
) -> None:
    """Readings as they are committed, with a heartbeat; what was missed is asked by `GET /readings?since=`.

    With `batch` those that are committed together come together, as an array.
    """
    await cast("ReadingFeed", ws.app.state.feed).serve(ws, Wanted(device, quantity, batch))
