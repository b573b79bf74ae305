"""Directory: the registry as the alert core wants it; made anew after every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TypedDict

from alerts import directory as core
from alerts.correlate import TogetherRule
from alerts.mode import Overlay, Sampling
from alerts.route import Match
from alerts.route import Route as CoreRoute
from config.calendars import with_own_calendars
from config.catalogue import conditions, with_own_categories, with_own_plans, with_own_workflows
from config.escalations import with_own_escalations
from config.inhibitions import with_own_inhibitions
from config.modes import with_own_modes
from config.nouns.device import AnyDevice, Sensor
from config.nouns.mode import Mode
from config.nouns.route import Branch, Route, route_order
from config.registry import Registry
from config.rosters import counted
from config.watched import metas, shipped_metas
from ingest.text import Text

INHERITED = (
    "unit", "channels", "workflow", "group_by", "group_wait", "group_interval", "repeat_interval",
    "reopen_within", "open_case", "category", "calendar", "mastered_by", "keeper_first",
)  # fmt: skip
"""What a route has from the one above it, unless it says it itself."""


def directory(
    registry: Registry, *, timezone: str = core.DEFAULT_ZONE, now: datetime | None = None
) -> core.Directory:
    """The Directory of a registry; `timezone` is for areas that name none.

    With `now`, sites that were closed until a day that has come are open, and those in whose calendar the present day
    lies between two terms are closed.
    """
    plain = _plain(registry, timezone)
    if now is not None:
        plain = replace(plain, sites={**plain.sites, **_by_date(registry, plain, now)})
    zones = {each.id: plain.zone(each.area) for each in plain.units.values()}
    return replace(plain, rosters=counted(registry.rosters, plain.calendars, zones))


def openings(registry: Registry, known: core.Directory) -> list[tuple[str, datetime]]:
    """When the sites that are closed until a day open: at its beginning, on the clock of their area."""
    return [
        (each.id, datetime.combine(each.until, time(), tzinfo=known.zone(each.area)))
        for each in registry.sites
        if each.state == "closed-until" and each.until is not None
    ]


def next_turn(registry: Registry, known: core.Directory, now: datetime) -> datetime | None:
    """When, after now, the date alone opens or closes a site next; None when it never does."""
    turns = [opens for _, opens in openings(registry, known)]
    for site in registry.sites:
        calendar = known.calendars.get(site.calendar or "")
        for before, after in pairwise(calendar.terms if calendar is not None else ()):
            days = (before.last + timedelta(days=1), after.first)
            turns += [datetime.combine(day, time(), tzinfo=known.zone(site.area)) for day in days]
    return min((each for each in turns if each > now), default=None)


def _by_date(registry: Registry, known: core.Directory, now: datetime) -> dict[str, core.Site]:
    """The sites whose state is another today than the registry says."""
    found = {
        each: replace(known.sites[each], state="open")
        for each, opens in openings(registry, known)
        if now >= opens
    }
    for each in registry.sites:
        site = found.get(each.id, known.sites[each.id])
        calendar = known.calendars.get(each.calendar or "")
        today = now.astimezone(known.zone(each.area)).date()
        if site.state == "open" and calendar is not None and not calendar.in_term(today):
            found[each.id] = replace(site, state="closed")
    return found


def _measures(device: AnyDevice) -> _Measures:
    """What a sensor says about how it measures."""
    if not isinstance(device, Sensor):
        return {}
    return {"probe": device.probe, "offsets": device.offsets, "calibration_due": device.calibration_due}


class _Measures(TypedDict, total=False):
    probe: str | None
    offsets: Mapping[str, float]
    calibration_due: date | None


def _plain(registry: Registry, timezone: str) -> core.Directory:
    """All but what needs the zones of the areas."""
    return core.Directory(
        areas={
            each.id: core.Area(
                each.id,
                each.level,
                each.name,
                each.parent,
                each.timezone,
                leader=each.leader,
                leader_within=each.leader_within,
            )
            for each in registry.areas
        },
        units={each.id: core.Unit(each.id, each.area, each.name) for each in registry.units},
        sites={
            each.id: core.Site(
                each.id,
                each.area,
                each.kind,
                each.name,
                each.lat,
                each.lon,
                each.state,
                each.calendar,
                each.channels,
            )
            for each in registry.sites
        },
        devices={
            each.id: core.DeviceEntry(
                each.id,
                each.kind,
                each.site,
                each.name or Text(each.id, each.id),
                each.gateway,
                **_measures(each),
            )
            for each in registry.devices
        },
        rules={
            meta.id: meta
            for meta in (*shipped_metas(), *(one for each in registry.rules for one in metas(each)))
        },
        routes=tuple(_route(each, each.id or "") for each in sorted(registry.routes, key=route_order)),
        workflows=with_own_workflows([each.model_dump(mode="json") for each in registry.workflows]),
        together=tuple(
            TogetherRule(
                each.id,
                each.condition or each.id,
                each.any_of,
                within=each.within,
                place=each.place,
                severity=each.severity,
                kind=each.kind,
            )
            for each in registry.together
        ),
        channels={each.id: each.kind for each in registry.channels},
        calendars=with_own_calendars(registry.calendars),
        escalations=with_own_escalations(registry.escalations, shipped=bool(registry.rosters)),
        people={
            each.name: core.Person(each.name, each.role, each.sites, each.units) for each in registry.users
        },
        categories=with_own_categories(registry.categories),
        plans=with_own_plans(registry.plans),
        default_timezone=timezone,
        inhibitions=with_own_inhibitions(registry.inhibitions),
        conditions={each.id: each.name for each in conditions().values()},
        modes={key: _overlay(each) for key, each in with_own_modes(registry.modes).items()},
    )


def _overlay(mode: Mode) -> Overlay:
    """A mode as the alert core lays it over a county."""
    return Overlay(
        id=mode.id,
        name=mode.name,
        sampling=tuple(Sampling(each.factor, frozenset(each.site_kinds)) for each in mode.sampling),
        routes=tuple(_route(each, each.id or f"{mode.id}/{at + 1}") for at, each in enumerate(mode.routes)),
        around_the_clock=mode.around_the_clock,
        limits=mode.limits,
        speakers=frozenset(mode.speakers),
    )


def _route(each: Route, key: str) -> CoreRoute:
    """A route of the table with everything below it."""
    return _with_branches(
        CoreRoute(
            unit=each.unit,
            match=Match(**each.match.model_dump()),
            workflow=each.workflow,
            group_wait=each.group_wait,
            open_case=each.open_case,
            go_on=each.go_on,
            group_by=each.group_by,
            category=each.category,
            calendar=each.calendar,
            reopen_within=each.reopen_within,
            id=key,
            channels=each.channels,
            group_interval=each.group_interval,
            repeat_interval=each.repeat_interval,
            mastered_by=each.mastered_by,
            keeper_first=each.keeper_first,
        ),
        each.routes,
    )


def _with_branches(above: CoreRoute, below: Sequence[Branch]) -> CoreRoute:
    """What a branch leaves out it has from above; `continue` is its own."""
    found = []
    for at, each in enumerate(below):
        said = {name: getattr(each, name) for name in INHERITED if getattr(each, name) is not None}
        own = replace(
            above,
            id=each.id or f"{above.id}/{at + 1}",
            match=Match(**each.match.model_dump()),
            go_on=each.go_on,
            routes=(),
            **said,
        )
        found.append(_with_branches(own, each.routes))
    return replace(above, routes=tuple(found))
