"""Channels: each with how it stands; changed one by one in api/routers/entries.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.ledger import receivers, registry
from api.answers import Paging, items, paging, slice_of
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.routers.entries import shown

router = APIRouter(prefix="/channels", tags=["registry"])

HubHere = Annotated[Hub, Depends(hub_of)]


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("channel.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """Every channel without its secrets, with what waits for it, its dead letters and its last attempt."""
    if "channel" not in who.sight.nouns:
        return items([], None)
    with hub.ledger.read() as conn:
        figures = {each.id: each for each in receivers.figures(conn) if each.kind == "channel"}
        found = []
        for entry in registry.load(conn, "channel"):
            standing = receivers.standing(conn, "channel", entry.id)
            counted = figures.get(entry.id)
            found.append(
                {
                    **shown(entry),
                    "pending": counted.pending if counted else 0,
                    "dead": counted.dead if counted else 0,
                    "last": standing.as_dict() if standing else None,
                }
            )
    return items(*slice_of(found, paged))
