"""Broadcasts: a text to loudspeaker nodes, and what each node answered."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.ids import new_id
from alerts.ledger import broadcasts
from alerts.ledger.engine import Connection
from alerts.sight import Visibility
from api import devices
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import note
from ingest.errors import BrokerAway, InvalidInput
from ingest.instant import format_instant

log = logging.getLogger(__name__)

router = APIRouter(prefix="/broadcasts", tags=["broadcasts"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(hub: Hub, who: Principal, broadcast: str) -> dict[str, object]:
    """The broadcast, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return broadcasts.get(conn, who.sight, broadcast)


class NewBroadcast(BaseModel):
    """What is said, and where; a drill says so in its own words before and after."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=1000)
    devices: list[str] = Field(default_factory=list, max_length=1000, description="speaker nodes")
    sites: list[str] = Field(
        default_factory=list, max_length=1000, description="every speaker of these sites"
    )
    areas: list[str] = Field(default_factory=list, max_length=1000, description="every speaker in and below")
    level: int = Field(default=4, ge=1, le=4, description="1 gravest … 4")
    drill: bool = False


@router.post("", status_code=201)
def add(
    *,
    given: NewBroadcast,
    who: Annotated[Principal, needs("broadcast.create")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Tell the nodes; the answer is the broadcast as it begins, its progress is `GET` and `broadcast.changed`."""
    nodes = _nodes(hub, who, given)
    place = _place(hub, {site for _, site in nodes})
    now = hub.now()
    key = new_id(now)
    ran = False

    def act(tx: Connection) -> dict[str, object]:
        nonlocal ran
        ran = True
        shown = broadcasts.add(
            tx,
            id=key,
            text=given.text,
            level=given.level,
            drill=given.drill,
            nodes=nodes,
            place=place,
            who=who.name,
            now=now,
        )
        note(tx, hub, who, "broadcast.create", key, area=place.area, detail={"drill": given.drill})
        return shown

    response = change(hub, who, same, act, status=201)
    if ran:
        _publish(hub, key, given, nodes)
    return response


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("broadcast.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """Broadcasts, the newest first."""
    with hub.ledger.read() as conn:
        found = broadcasts.page(conn, who.sight, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.get("/{broadcast}")
def one(
    broadcast: str, who: Annotated[Principal, needs("broadcast.read", seen=seen)], hub: HubHere
) -> Response:
    """One broadcast with the state of each node and its coverage in percent."""
    return answer(seen(hub, who, broadcast))


def _nodes(hub: Hub, who: Principal, given: NewBroadcast) -> list[tuple[str, str]]:
    """The speakers that are meant, each (device, site); what the sender does not see is not there."""
    directory = hub.directory()
    named = {each: devices.seen(hub, who, each) for each in given.devices}
    for each in named.values():
        if each.kind != "speaker":
            raise InvalidInput(f"{each.id!r} is no speaker", where="body.devices")
    areas = {below for area in given.areas for below in directory.descendants(area)}
    meant = {
        entry.id: entry.site
        for entry in directory.devices.values()
        if entry.kind == "speaker"
        and who.sight.sees("device", directory.visibility(entry.id))
        and (
            entry.id in named
            or entry.site in given.sites
            or (entry.site in directory.sites and directory.sites[entry.site].area in areas)
        )
    }
    if not meant:
        raise InvalidInput(
            "no speaker is meant", where="body", mend="name devices, sites or areas with speakers"
        )
    return sorted(meant.items())


def _place(hub: Hub, sites: set[str]) -> Visibility:
    """Where a broadcast stands: its one site, or the lowest area that holds all its sites."""
    directory = hub.directory()
    if len(sites) == 1:
        return directory.visibility(next(iter(sites)))
    paths = [directory.path(directory.sites[site].area) for site in sites if site in directory.sites]
    common = [steps[0] for steps in zip(*paths, strict=False) if len(set(steps)) == 1]
    return Visibility(area=common[-1] if common else None)


def _publish(hub: Hub, key: str, given: NewBroadcast, nodes: list[tuple[str, str]]) -> None:
    """One command per node; a node that cannot be told fails with its reason, the others go on."""
    for device, site in nodes:
        command = {
            "id": key,
            "action": "play",
            "text": given.text,
            "level": given.level,
            "drill": given.drill,
            "at": format_instant(hub.now()),
        }
        try:
            hub.command(site, device, command)
        except BrokerAway as away:
            log.warning("broadcast %s: node %s was not told: %s", key, device, away)
            _failed(hub, key, device, away.reason)


def _failed(hub: Hub, key: str, device: str, reason: str) -> None:
    now = hub.now()
    commit(hub, lambda tx: broadcasts.heard(tx, key, device, "failed", reason=reason, at=now, now=now))
