"""Route: who is called and told for what; a tree, as Alertmanager's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from alerts.closing import REOPEN_WITHIN
from alerts.route import GROUP_INTERVAL, GROUP_WAIT, REPEAT_INTERVAL
from config.fields import Id
from config.nouns.item import Item
from config.nouns.site import SiteKind
from detectors.rule import Duration
from detectors.signal import Severity


class RouteMatch(Item):
    """All that is set must agree; `area` includes everything below it."""

    area: Id | None = None
    kind: Id | None = None
    condition: Id | None = None
    site: Id | None = None
    site_kind: SiteKind | None = None
    severity: Severity | None = None
    source: Literal["hub", "hotline", "grid", "public", "operator", "platform"] | None = None


GroupBy = tuple[Literal["place", "condition", "kind", "severity", "site", "site_kind", "area", "source"], ...]

SHORTEST = timedelta(seconds=1)


def _not_at_once(value: timedelta) -> timedelta:
    if value < SHORTEST:
        raise ValueError("less than a second would tell without end; write 5m")
    return value


Interval = Annotated[Duration, AfterValidator(_not_at_once)]
"""Between two notices."""


class Branch(Item):
    """A route below another; what it leaves out it has from the one above."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Id | None = None
    match: RouteMatch = RouteMatch()
    unit: Id | None = None
    channels: tuple[Id, ...] | None = None
    workflow: Id | None = None
    group_by: GroupBy | None = None
    group_wait: Duration | None = None
    group_interval: Interval | None = None
    repeat_interval: Interval | None = None
    reopen_within: Duration | None = None
    open_case: bool | None = None
    go_on: bool = Field(default=False, alias="continue")
    category: Id | None = None
    calendar: Id | None = None
    mastered_by: Literal["hub", "platform"] | None = None
    keeper_first: Duration | None = None
    routes: tuple[Branch, ...] = ()


class Route(Item):
    """One row of the routing table; the first that matches wins unless it says `continue: true`.

    `id` and `order` may be left out in a file: they follow from the position. Of `routes` below it the first that
    matches decides; it speaks for itself where none does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Id | None = None
    match: RouteMatch = RouteMatch()
    unit: Id
    channels: tuple[Id, ...] = ()
    workflow: Id = "seven-step"
    group_wait: Duration = GROUP_WAIT
    group_interval: Interval = GROUP_INTERVAL
    repeat_interval: Interval = REPEAT_INTERVAL
    reopen_within: Duration = REOPEN_WITHIN
    group_by: GroupBy = ("place", "condition")
    order: int | None = Field(default=None, ge=1)
    open_case: bool = True
    go_on: bool = Field(default=False, alias="continue")
    category: Id | None = None
    calendar: Id | None = None
    mastered_by: Literal["hub", "platform"] = "hub"
    keeper_first: Duration = timedelta(0)
    routes: tuple[Branch, ...] = ()


def branches(
    route: Route | Branch, loc: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Route | Branch]]:
    """A route and all below it, each with its path within the entry."""
    yield loc, route
    for at, each in enumerate(route.routes):
        yield from branches(each, (*loc, "routes", at))


def route_order(route: Route) -> tuple[int, bool, str]:
    """How routes are tried: by `order`; at the same place the one that matches everything comes last."""
    return (route.order or 0, route.match == RouteMatch(), route.id or "")
