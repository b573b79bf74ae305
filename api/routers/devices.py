"""Devices with their present state."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.answers import Paging, answer, items, paging, slice_of
from api.devices import describe, seen
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
    found = [
        describe(hub, entry)
        for entry in directory.devices.values()
        if kind in (None, entry.kind)
        and site in (None, entry.site)
        and who.sight.sees("device", directory.visibility(entry.id))
    ]
    return items(*slice_of([each for each in found if state in (None, each["state"])], paged))


@router.get("/{device}")
def one(device: str, who: Annotated[Principal, needs("device.read", seen=seen)], hub: HubHere) -> Response:
    """One device."""
    return answer(describe(hub, seen(hub, who, device)))
