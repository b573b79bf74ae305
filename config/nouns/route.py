"""Route: who is called for what."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict, Field

from alerts.closing import REOPEN_WITHIN
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


class Route(Item):
    """One row of the routing table; the first that matches wins unless it says `continue: true`.

    `id` and `order` may be left out in a file: they follow from the position.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Id | None = None
    match: RouteMatch = RouteMatch()
    unit: Id
    workflow: Id = "seven-step"
    group_wait: Duration = timedelta(seconds=30)
    reopen_within: Duration = REOPEN_WITHIN
    group_by: tuple[Literal["place", "condition", "kind", "severity", "site", "site_kind", "area"], ...] = (
        "place",
        "condition",
    )
    order: int | None = Field(default=None, ge=1)
    open_case: bool = True
    go_on: bool = Field(default=False, alias="continue")
    category: Id | None = None
    calendar: Id | None = None


def route_order(route: Route) -> tuple[int, bool, str]:
    """How routes are tried: by `order`; at the same place the one that matches everything comes last."""
    return (route.order or 0, route.match == RouteMatch(), route.id or "")
