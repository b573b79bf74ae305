"""Devices with their present state."""

from __future__ import annotations

from heapq import nsmallest
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.answers import Paging, answer, items, paging
from api.devices import UNKNOWN, describe, seen
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal

router = APIRouter(prefix="/devices", tags=["devices"])

HubHere = Annotated[Hub, Depends(hub_of)]
Word = Annotated[str | None, Query(max_length=100)]


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("device.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    kind: Word = None,
    site: Word = None,
    state: Word = None,
) -> Response:
    """Every visible device, by id."""
    directory = hub.directory()
    states = hub.device_states()
    seen_here = (
        entry
        for entry in directory.devices.values()
        if kind in (None, entry.kind)
        and site in (None, entry.site)
        and state in (None, states.get(entry.id, UNKNOWN).get("state", UNKNOWN["state"]))
        and (paged.cursor is None or entry.id > paged.cursor)
        and who.sight.sees("device", directory.visibility(entry.id))
    )
    # One more than fits, to know whether there is a next page; only what is on the page is described.
    found = nsmallest(paged.limit + 1, seen_here, key=lambda entry: entry.id)
    shown = [describe(hub, entry, states) for entry in found[: paged.limit]]
    return items(shown, found[paged.limit - 1].id if len(found) > paged.limit else None)


@router.get("/{device}")
def one(device: str, who: Annotated[Principal, needs("device.read", seen=seen)], hub: HubHere) -> Response:
    """One device."""
    return answer(describe(hub, seen(hub, who, device)))
