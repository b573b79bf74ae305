"""Route: which unit and which workflow an incident goes to; the first that matches wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from alerts.closing import REOPEN_WITHIN

GROUP_BY: tuple[str, ...] = ("place", "condition")
"""What makes two incidents one case, unless the route says otherwise."""


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
    """

    area: str | None = None
    kind: str | None = None
    condition: str | None = None
    site: str | None = None
    site_kind: str | None = None
    severity: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is asked."""
        return all(
            each is None
            for each in (self.area, self.kind, self.condition, self.site, self.site_kind, self.severity)
        )

    def holds(self, facts: Facts, path: Callable[[str], tuple[str, ...]]) -> bool:
        """Whether `facts` agree; `path(area)` gives the areas from the top down to `area` itself."""
        plain = (
            (self.kind, facts.kind),
            (self.condition, facts.condition),
            (self.site, facts.site),
            (self.site_kind, facts.site_kind),
            (self.severity, facts.severity),
        )
        if any(wanted is not None and wanted != given for wanted, given in plain):
            return False
        return self.area is None or (facts.area is not None and self.area in path(facts.area))


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table.

    Attributes:
        unit: Who is called.
        match: When.
        workflow: Id of the workflow the case follows.
        group_wait: Delays notices, never the case and never the push.
        open_case: False records the incident without a case.
        go_on: `continue: true` in the file: later routes that match call their units too.
        group_by: Properties of `Facts` that make two incidents one case.
        category: Category of the case, or None for the condition's own word.
        calendar: Id of the calendar that limits are counted in, or None for the workflow's or the place's.
        reopen_within: The condition back so soon after its case closed reopens that case; 0 opens another.
    """

    unit: str
    match: Match = Match()
    workflow: str = "seven-step"
    group_wait: timedelta = timedelta(0)
    open_case: bool = True
    go_on: bool = False
    group_by: tuple[str, ...] = GROUP_BY
    category: str | None = None
    calendar: str | None = None
    reopen_within: timedelta = REOPEN_WITHIN


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the table answers: the first match decides; `units` also names those that later matches call."""

    route: Route
    units: tuple[str, ...]

    def group_key(self, facts: Facts) -> str:
        """Incidents with the same key share one open case."""
        return "|".join(str(getattr(facts, name)) for name in self.route.group_by)


def choose(routes: Iterable[Route], facts: Facts, path: Callable[[str], tuple[str, ...]]) -> Chosen | None:
    """The first route that matches, with the units of those it lets through; None when none matches."""
    first: Route | None = None
    units: list[str] = []
    for route in routes:
        if not route.match.holds(facts, path):
            continue
        first = first or route
        if route.unit not in units:
            units.append(route.unit)
        if not route.go_on:
            break
    return Chosen(first, tuple(units)) if first else None
