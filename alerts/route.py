"""Route: which unit and which workflow an incident goes to, and how those it calls are told.

The table is a tree, as Alertmanager's: of the routes beside each other the first that matches wins, unless it says
`continue`; of those below it the same again, and where none of them matches it speaks for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from alerts.closing import REOPEN_WITHIN

GROUP_BY: tuple[str, ...] = ("place", "condition")
"""What makes two incidents one case and one group of notices, unless the route says otherwise."""

GROUP_WAIT = timedelta(seconds=30)
"""How long the first notice of a group waits for more of the same."""
GROUP_INTERVAL = timedelta(minutes=5)
"""Between two notices of a group that has news."""
REPEAT_INTERVAL = timedelta(hours=4)
"""Between two notices of a group without news that nobody acknowledged."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a route may ask about an incident or a case."""

    kind: str
    condition: str
    place: str
    severity: str
    site: str | None
    site_kind: str | None
    area: str | None
    source: str = "hub"


@dataclass(frozen=True, slots=True)
class Match:
    """Every property that is set must agree; nothing set matches everything.

    Attributes:
        area: An area id; descendants are included.
        kind: Kind of the rule (`threshold`, `presence`, …) or of the case.
        condition: Word of the catalogue.
        site: Site id.
        site_kind: Kind of site.
        severity: life, critical, major, minor or info.
        source: hub (an incident), hotline, grid, public, operator or platform.
    """

    area: str | None = None
    kind: str | None = None
    condition: str | None = None
    site: str | None = None
    site_kind: str | None = None
    severity: str | None = None
    source: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is asked."""
        return all(
            each is None
            for each in (
                self.area,
                self.kind,
                self.condition,
                self.site,
                self.site_kind,
                self.severity,
                self.source,
            )
        )

    def holds(self, facts: Facts, path: Callable[[str], tuple[str, ...]]) -> bool:
        """Whether `facts` agree; `path(area)` gives the areas from the top down to `area` itself."""
        plain = (
            (self.kind, facts.kind),
            (self.condition, facts.condition),
            (self.site, facts.site),
            (self.site_kind, facts.site_kind),
            (self.severity, facts.severity),
            (self.source, facts.source),
        )
        if any(wanted is not None and wanted != given for wanted, given in plain):
            return False
        return self.area is None or (facts.area is not None and self.area in path(facts.area))


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table; those below it have inherited what they leave out.

    Attributes:
        unit: Who is called and told.
        match: When.
        workflow: Id of the workflow the case follows.
        group_wait: Delays notices, never the case and never the push.
        open_case: False records the incident without a case.
        go_on: `continue: true` in the file: later routes that match call their units too.
        group_by: Properties of `Facts` that make two incidents one case, and one group of notices.
        category: Category of the case, or None for the condition's own word.
        calendar: Id of the calendar that limits are counted in, or None for the workflow's or the place's.
        reopen_within: The condition back so soon after its case closed reopens that case; 0 opens another.
        id: Of the registry; of a route below another `<parent>/<n>`, unless it has its own.
        channels: Ids of the channels that its unit is told by; empty: notices are shown in the room only.
        group_interval: Between two notices of a group that has news.
        repeat_interval: Between two notices of a group without news.
        routes: Those below it.
        mastered_by: Where number, state, step and unit of its cases are decided: hub or platform.
        keeper_first: How long the keeper of the site, who is told first, has before its unit is told; 0: both at once.
    """

    unit: str
    match: Match = Match()
    workflow: str = "seven-step"
    group_wait: timedelta = GROUP_WAIT
    open_case: bool = True
    go_on: bool = False
    group_by: tuple[str, ...] = GROUP_BY
    category: str | None = None
    calendar: str | None = None
    reopen_within: timedelta = REOPEN_WITHIN
    id: str = ""
    channels: tuple[str, ...] = ()
    group_interval: timedelta = GROUP_INTERVAL
    repeat_interval: timedelta = REPEAT_INTERVAL
    routes: tuple[Route, ...] = ()
    mastered_by: Literal["hub", "platform"] = "hub"
    keeper_first: timedelta = timedelta(0)

    def group_values(self, facts: Facts) -> str:
        """What `group_by` asks for; the same for incidents of one group."""
        return "|".join(str(getattr(facts, name)) for name in self.group_by)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the table answers.

    Attributes:
        route: The first that matches; it decides about the case.
        units: Its unit, and those that later matches call.
        told: The first match of each unit, in order: the units are told by these.
    """

    route: Route
    units: tuple[str, ...]
    told: tuple[Route, ...] = ()

    def group_key(self, facts: Facts) -> str:
        """Incidents with the same key share one open case."""
        return self.route.group_values(facts)


def choose(routes: Iterable[Route], facts: Facts, path: Callable[[str], tuple[str, ...]]) -> Chosen | None:
    """The first route that matches, with the units of those it lets through; None when none matches."""
    found = matching(routes, facts, path)
    if not found:
        return None
    told: dict[str, Route] = {}
    for route in found:
        first = told.setdefault(route.unit, route)
        more = tuple(each for each in route.channels if each not in first.channels)
        told[route.unit] = replace(first, channels=first.channels + more) if more else first
    return Chosen(found[0], tuple(told), tuple(told.values()))


def matching(
    routes: Iterable[Route], facts: Facts, path: Callable[[str], tuple[str, ...]]
) -> tuple[Route, ...]:
    """Every route that speaks for these facts: the deepest of each branch that is walked, in order."""
    found: list[Route] = []
    for route in routes:
        if not route.match.holds(facts, path):
            continue
        found += matching(route.routes, facts, path) or (route,)
        if not route.go_on:
            break
    return tuple(found)
