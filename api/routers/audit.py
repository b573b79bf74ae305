"""The audit trail: who did what to what, each row sealed onto the one before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.ledger import audit
from api.answers import Paging, items, paging
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal

router = APIRouter(tags=["audit"])

Word = Annotated[str | None, Query(max_length=200)]


@router.get("/audit")
def page(
    *,
    who: Annotated[Principal, needs("audit.read")],
    hub: Annotated[Hub, Depends(hub_of)],
    paged: Annotated[Paging, Depends(paging)],
    subject: Word = None,
    user: Word = None,
) -> Response:
    """The trail, newest first; `hub audit verify` checks its hashes."""
    with hub.ledger.read() as conn:
        found = audit.page(conn, who.sight, subject=subject, who=user, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)
