"""What was refused at the edge, kept for inspection."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.ledger import rejected
from api.answers import Paging, items, paging
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal

router = APIRouter(tags=["rejected"])


@router.get("/rejected")
def page(
    *,
    who: Annotated[Principal, needs("rejected.read")],
    hub: Annotated[Hub, Depends(hub_of)],
    paged: Annotated[Paging, Depends(paging)],
    reason: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Rejected payloads, newest first, with the reason and the beginning of the payload."""
    with hub.ledger.read() as conn:
        found = rejected.page(conn, who.sight, reason=reason, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)
