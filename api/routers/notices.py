"""Notices: who was told of what, when, why, and how each channel took it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.ledger import notices
from alerts.notice import Why
from api.answers import Paging, items, paging
from api.guard import hub_of, needs
from api.hub import Hub
from api.query import since_of
from api.rights import Principal, may

router = APIRouter(prefix="/notices", tags=["notices"])

Word = Annotated[str | None, Query(max_length=100)]


def without_names(found: Sequence[dict[str, object]], hub: Hub, who: Principal) -> list[dict[str, object]]:
    """The same, where the reader may not know who is on duty with the units named only: a person is null."""
    if may(who, "duty.names"):
        return list(found)
    units = hub.directory().units
    return [each if each["addressee"] in units else {**each, "addressee": None} for each in found]


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("notice.read")],
    hub: Annotated[Hub, Depends(hub_of)],
    paged: Annotated[Paging, Depends(paging)],
    since: Annotated[datetime | None, Depends(since_of)],
    incident: Word = None,
    addressee: Word = None,
    why: Why | None = None,
) -> Response:
    """Notices, the newest first; `since` looks at when they were decided."""
    if addressee is not None and addressee not in hub.directory().units and not may(who, "duty.names"):
        return items([], None)
    wanted = notices.Wanted(incident=incident, why=why, addressee=addressee, since=since)
    with hub.ledger.read() as conn:
        found = notices.page(conn, who.sight, wanted=wanted, limit=paged.limit, cursor=paged.cursor)
    return items(without_names(found.items, hub, who), found.next)
