"""Directory: the registry as the alert core knows it: who is where, who is called, which rules there are.

Frozen: a change of the registry makes a new Directory. `config/directory.py` builds it from the entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.category import Assigned, Category, assign, with_limits
from alerts.correlate import TogetherRule
from alerts.escalation import Chain
from alerts.inhibit import Inhibition
from alerts.keeper import Keepers
from alerts.limit import Limit
from alerts.mode import Overlay, in_force
from alerts.place import parse_place
from alerts.plan import Plan
from alerts.roster import Roster
from alerts.route import Chosen, Facts, Route, choose
from alerts.sight import Visibility
from alerts.workflow import Workflow
from alerts.working_time import PLAIN, Calendar
from detectors.signal import Severity
from ingest.text import Text

DEFAULT_ZONE = "Asia/Shanghai"
LEADER_WITHIN = Limit(timedelta(hours=4))
"""A plain default of the project: set your county's own."""
DEFAULT_CALENDAR = "office"
"""Where neither route, workflow nor site names one."""


@dataclass(frozen=True, slots=True)
class Area:
    """A county, town, village, grid …; `timezone` None inherits from the parent.

    `leader` is told first of what people report in it, and has `leader_within` before it goes upward.
    """

    id: str
    level: str
    name: Text
    parent: str | None = None
    timezone: str | None = None
    leader: str | None = None
    leader_within: Limit = LEADER_WITHIN


@dataclass(frozen=True, slots=True)
class Unit:
    """A department or station that cases are given to."""

    id: str
    area: str | None
    name: Text


@dataclass(frozen=True, slots=True)
class Site:
    """A kitchen, a crossroad, a village."""

    id: str
    area: str
    kind: str
    name: Text
    lat: float | None = None
    lon: float | None = None
    state: str = "open"
    calendar: str | None = None
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A camera, sensor, gateway or speaker; `gateway` is the device that its messages come through.

    Of a sensor: `probe` (air or core), `offsets` (quantity to what is added to each value), `calibration_due`.
    """

    id: str
    kind: str
    site: str
    name: Text
    gateway: str | None = None
    probe: str | None = None
    offsets: Mapping[str, float] = field(default_factory=dict)
    calibration_due: date | None = None


@dataclass(frozen=True, slots=True)
class RuleMeta:
    """What the alert core needs of a rule."""

    id: str
    kind: str
    condition: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Person:
    """A user, as far as telling goes: `sites` are those a site keeper looks after, `units` those of a handler."""

    name: str
    role: str
    sites: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Directory:
    """Everything by id; routes in their order; `conditions` are the names of their words, `channels` the kinds.

    `modes` are the overlays there are, `active` those in force, by area.
    """

    areas: Mapping[str, Area] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    devices: Mapping[str, DeviceEntry] = field(default_factory=dict)
    rules: Mapping[str, RuleMeta] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    together: tuple[TogetherRule, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    escalations: tuple[Chain, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    default_timezone: str = DEFAULT_ZONE
    conditions: Mapping[str, Text] = field(default_factory=dict)
    inhibitions: tuple[Inhibition, ...] = ()
    modes: Mapping[str, Overlay] = field(default_factory=dict)
    active: Mapping[str, Overlay] = field(default_factory=dict)

    def with_mode(self, mode: str, area: str) -> Directory:
        """The county with a mode in force in an area; a mode that is no longer there changes nothing."""
        if mode not in self.modes:
            return self
        return replace(self, active={**self.active, area: self.modes[mode]})

    def overlay(self, area: str | None) -> Overlay | None:
        """What is in force in an area, None in peace."""
        return in_force(self.active, self.path(area)) if area and self.active else None

    def path(self, area: str) -> tuple[str, ...]:
        """The areas from the top down to `area` itself; empty for an unknown area."""
        found: list[str] = []
        step: str | None = area
        while step is not None and step in self.areas and step not in found:
            found.append(step)
            step = self.areas[step].parent
        return tuple(reversed(found))

    @cached_property
    def _below(self) -> Mapping[str, frozenset[str]]:
        below: dict[str, set[str]] = {area: set() for area in self.areas}
        for area in self.areas:
            for above in self.path(area):
                below[above].add(area)
        return {area: frozenset(each) for area, each in below.items()}

    def descendants(self, area: str) -> frozenset[str]:
        """`area` and everything below it; empty for an unknown area."""
        return self._below.get(area, frozenset())

    def zone(self, area: str | None) -> ZoneInfo:
        """The time zone of an area: its own, else the nearest above, else the default."""
        for each in reversed(self.path(area) if area else ()):
            if name := self.areas[each].timezone:
                return ZoneInfo(name)
        return ZoneInfo(self.default_timezone)

    @cached_property
    def one_zone(self) -> bool:
        """Whether all areas have the same time zone."""
        return len({self.zone(area).key for area in (None, *self.areas)}) == 1

    def zone_of(self, device: str | None) -> ZoneInfo:
        """The time zone of where a device stands, of the county where it is not known."""
        found = self._zones.get(device)
        if found is None:
            site = self.site_of(device) if device is not None and device in self.devices else None
            found = self.zone(site.area if site else None)
            if device is None or device in self.devices:
                self._zones[device] = found
        return found

    @cached_property
    def _zones(self) -> dict[str | None, ZoneInfo]:
        return {}

    @cached_property
    def offset_devices(self) -> frozenset[str]:
        """Sensors whose values are corrected."""
        return frozenset(each.id for each in self.devices.values() if any(each.offsets.values()))

    def county_zone(self, area: str | None) -> ZoneInfo:
        """The zone in which days are told: of `area`, else of the one area at the top, else the default."""
        tops = [each.id for each in self.areas.values() if each.parent is None]
        return self.zone(area or (tops[0] if len(tops) == 1 else None))

    def site_of(self, place: str) -> Site | None:
        """The site of a place: itself, the site of its zone, or where the device stands."""
        try:
            base = parse_place(place).base
        except ValueError:
            return None
        if base in self.devices:
            base = self.devices[base].site
        return self.sites.get(base)

    def visibility(self, place: str) -> Visibility:
        """Where a place (site, site/zone, device) or an area stands; nowhere when it is unknown."""
        site = self.site_of(place)
        if site is not None:
            return Visibility(site.area, site.kind, site.id)
        return Visibility(area=place) if place in self.areas else Visibility()

    @cached_property
    def _keepers(self) -> Mapping[str, Keepers]:
        users: dict[str, list[str]] = {}
        for person in self.people.values():
            for site in person.sites if person.role == "site-keeper" else ():
                users.setdefault(site, []).append(person.name)
        return {
            key: Keepers(tuple(sorted(users.get(key, ()))), site.channels) for key, site in self.sites.items()
        }

    def keepers(self, site: str | None) -> Keepers:
        """Who looks after a site; nobody where it has none."""
        return self._keepers.get(site or "", Keepers())

    def calendar(self, place: Visibility, *, route: str | None, workflow: str) -> Calendar:
        """What limits are counted in at a place: the calendar of the route, else of the workflow, else of the site.

        `route` is the calendar that the route named, `workflow` the workflow's id. The days are those of the
        place's area. Whatever counts the hours, the terms of a school's own calendar hold.
        """
        site = self.sites.get(place.site or "")
        flow = self.workflows.get(workflow)
        sites_own = site.calendar if site else None
        own = self.calendars.get(sites_own or "")
        named = (route, flow.calendar if flow else None, sites_own, DEFAULT_CALENDAR)
        found = next((self.calendars[each] for each in named if each and each in self.calendars), PLAIN)
        terms = found.terms or (own.terms if own else ())
        overlay = self.overlay(place.area)
        return replace(
            found,
            terms=terms,
            zone=self.zone(place.area),
            always=overlay is not None and overlay.around_the_clock,
            share=overlay.limits if overlay else 1.0,
        )

    def closed_loop(self, workflow: str, category: str) -> Workflow | None:
        """A workflow with the limits that the category has of its own; None when there is no such workflow."""
        found = self.workflows.get(workflow)
        return None if found is None else with_limits(found, self.categories.get(category))

    def assign(self, chosen: Chosen, category: str) -> Assigned | None:
        """Where a new case of this category goes; None when its workflow is no longer there."""
        return assign(chosen, category, categories=self.categories, workflows=self.workflows)

    def meeting(self, rule: TogetherRule, place: str) -> str | None:
        """Where the conditions of a together rule meet, seen from `place`; None when it is nowhere."""
        site = self.site_of(place)
        if site is None:
            return None
        return {"zone": place, "site": site.id, "area": site.area}[rule.place]

    def choose(self, facts: Facts) -> Chosen | None:
        """The route for an incident or a case, None when the table has none; those of a mode in force go first."""
        overlay = self.overlay(facts.area)
        routes = (*overlay.routes, *self.routes) if overlay else self.routes
        return choose(routes, facts, self.path)

    def gateways(self, device: str) -> tuple[str, ...]:
        """The devices that the messages of one come through, the nearest first."""
        found: list[str] = []
        step = self.devices.get(device)
        while step is not None and step.gateway is not None and step.gateway not in found:
            found.append(step.gateway)
            step = self.devices.get(step.gateway)
        return tuple(found)

    def condition_name(self, word: str) -> Text:
        """What a condition is called; the word itself where the catalogue has none."""
        return self.conditions.get(word, Text(word, word))

    def place_name(self, place: Visibility) -> Text | None:
        """What a place is called: its site, else its area; None for nowhere."""
        found = self.sites.get(place.site or "") or self.areas.get(place.area or "")
        return None if found is None else found.name
