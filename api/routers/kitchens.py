"""Kitchens: what happened at each since its last working day, and what is not mended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts import kitchen
from alerts.directory import DeviceEntry, Directory
from alerts.ledger import kitchens
from alerts.ledger.devices import all_states
from api.answers import Paging, answer, items, paging, slice_of
from api.guard import hub_of, needs
from api.hub import Hub
from api.query import since_of
from api.rights import KITCHENS, Principal
from api.routers.reports import Format, below, exported
from config.apply import read_registry
from config.limits import limits_by_site
from ingest.errors import NotFound

router = APIRouter(prefix="/reports", tags=["reports"])

HubHere = Annotated[Hub, Depends(hub_of)]

LAST_WORKING_DAY = "last-working-day"

Since = Annotated[
    str, Query(max_length=40, description="last-working-day (of each site's calendar), or RFC 3339")
]


def seen(hub: Hub, who: Principal, site: str) -> object:
    """The kitchen, when this reader may see it; raises NotFound."""
    directory = hub.directory()
    if not _is_seen(directory, who, site):
        raise NotFound(f"no kitchen {site}")
    return directory.sites[site]


@router.get("/kitchens")
def page(
    *,
    who: Annotated[Principal, needs("report.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    since: Since = LAST_WORKING_DAY,
    area: Annotated[str | None, Query(max_length=100, description="with all below it")] = None,
    as_format: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """Every kitchen with its numbers, by id; as a workbook all of them."""
    directory = hub.directory()
    areas = below(who.sight, directory, area)
    sites = [
        {"id": each.id}
        for each in directory.sites.values()
        if _is_seen(directory, who, each.id) and (areas is None or each.area in areas)
    ]
    if as_format == "xlsx":
        rows = [kitchen.row(each) for each in _reports(hub, who, (each["id"] for each in sites), since)]
        detail = {"area": area, "since": since}
        return exported(hub, who, (kitchen.table(rows),), name="kitchens", area=area, detail=detail)
    here, following = slice_of(sites, paged)
    found = _reports(hub, who, (str(each["id"]) for each in here), since)
    return items([kitchen.row(each) for each in found], following)


@router.get("/kitchen/{site}")
def one(
    site: str,
    who: Annotated[Principal, needs("report.read", seen=seen)],
    hub: HubHere,
    since: Since = LAST_WORKING_DAY,
) -> Response:
    """One kitchen: incidents, cases that are not closed, minutes beyond limits, silent sensors, cameras to clean."""
    seen(hub, who, site)
    return answer(_reports(hub, who, [site], since)[0])


def _reports(hub: Hub, who: Principal, sites: Iterable[str], since: str) -> list[dict[str, object]]:
    directory, now = hub.directory(), hub.now()
    fixed = None if since == LAST_WORKING_DAY else since_of(since)
    devices: dict[str, list[DeviceEntry]] = {}
    for _, device in sorted(directory.devices.items()):
        devices.setdefault(device.site, []).append(device)
    with hub.ledger.read() as conn:
        limits = limits_by_site(read_registry(conn), directory)
        states = all_states(conn)
        return [
            kitchens.report(
                conn,
                kitchens.Asked(
                    site,
                    who.sight,
                    fixed or _last_working_day(directory, site, now),
                    now,
                    devices=devices.get(site, ()),
                    states=states,
                    limits=limits.get(site, ()),
                ),
                directory,
            )
            for site in sites
        ]


def _last_working_day(directory: Directory, site: str, now: datetime) -> datetime:
    calendar = directory.calendar(directory.visibility(site), route=None, workflow="")
    return kitchen.last_working_day(now, calendar)


def _is_seen(directory: Directory, who: Principal, site: str) -> bool:
    found = directory.sites.get(site)
    return found is not None and found.kind in KITCHENS and who.sight.sees("site", directory.visibility(site))
