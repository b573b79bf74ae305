"""References: what one entry says about another: does it exist, does it fit, is it said once only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from alerts.escalation import DUTY
from config.calendars import shipped_calendars
from config.catalogue import quantities, shipped_categories, shipped_workflows
from config.fields import forbidden, forbidden_room
from config.hidden import keeps_place, secret_keys
from config.nouns.area import LEVELS, Area
from config.nouns.category import Category
from config.nouns.contact import Contact
from config.nouns.device import Camera, Sensor
from config.nouns.escalation import Escalation
from config.nouns.inhibition import Inhibition
from config.nouns.mode import Mode
from config.nouns.roster import Roster
from config.nouns.route import Route, branches
from config.nouns.site import SITE_KINDS, Site
from config.nouns.unit import Unit
from config.nouns.user import User
from config.nouns.workflow import Workflow
from config.registry import SECTIONS, Registry
from config.secrets import MASK
from config.wording import meant
from detectors import shelf
from detectors.rule import RuleParams

Complain = Callable[[str, str, tuple[str | int, ...], str, str], None]
"""(section, key, path within the entry, what, mend)."""


@dataclass(frozen=True, slots=True)
class Known:
    """All keys by section, also of entries that are wrong in themselves: one mistake is said once."""

    keys: Mapping[str, frozenset[str]]

    def has(self, section: str, key: str) -> bool:
        """Whether something of that key is there."""
        return key in self.keys.get(section, frozenset())


class References:
    """Judges every reference of a whole registry; complaints go to the callback."""

    def __init__(self, registry: Registry, known: Known, complain: Complain) -> None:
        self._registry = registry
        self._known = known
        self._complain = complain
        self._areas = {each.id: each for each in registry.areas}
        self._sites = {each.id: each for each in registry.sites}
        self._devices = {each.id: each for each in registry.devices}
        self._people = {each.name: each for each in registry.users}
        own = [(each.id, each.big or "") for each in registry.categories]
        self._groups = {each.id: each.big or "" for each in shipped_categories().values()} | dict(own)
        flows = {each.id: [step.step for step in each.steps] for each in shipped_workflows().values()}
        flows |= {each.id: [step.step for step in each.steps] for each in registry.workflows}
        self._words = {name: frozenset(words) for name, words in flows.items()}
        self._all_steps = frozenset(word for words in flows.values() for word in words)

    def check(self) -> None:
        """Everything."""
        for section, key, item in self._registry.items():
            self._judge(section, key, item)
        self._bindings()
        self._route_ids()

    def _judge(self, section: str, key: str, item: BaseModel) -> None:
        def refer(to: str, value: str | None, *loc: str | int) -> None:
            if value is not None and not self._known.has(to, value):
                noun = SECTIONS[to]
                self._complain(
                    section,
                    key,
                    loc,
                    f"there is no {noun} {value!r}",
                    meant(value, self._known.keys.get(to, ()), noun),
                )

        def refer_all(to: str, values: Iterable[str], name: str) -> None:
            for at, value in enumerate(values):
                refer(to, value, name, at)

        if isinstance(item, Area):
            refer("areas", item.parent, "parent")
            refer("users", item.leader, "leader")
            self._leader(key, item)
            self._above(key, item)
        elif isinstance(item, Unit | Site):
            refer("areas", item.area, "area")
            refer("calendars", getattr(item, "calendar", None), "calendar")
            refer_all("channels", getattr(item, "channels", ()), "channels")
        elif isinstance(item, Contact):
            refer("sites", item.site, "site")
        elif isinstance(item, RuleParams):
            refer_all("devices", item.devices, "devices")
            refer_all("sites", item.sites, "sites")
            refer_all("areas", item.areas, "areas")
            self._rule(key, item)
        elif isinstance(item, Route | Mode):
            routes = [((), item)] if isinstance(item, Route) else _routes_of(item)
            for loc, each in (every for start, route in routes for every in branches(route, start)):
                refer("areas", each.match.area, *loc, "match", "area")
                refer("sites", each.match.site, *loc, "match", "site")
                refer("units", each.unit, *loc, "unit")
                refer("workflows", each.workflow, *loc, "workflow")
                refer("calendars", each.calendar, *loc, "calendar")
                for at, channel in enumerate(each.channels or ()):
                    refer("channels", channel, *loc, "channels", at)
                refer("categories", each.category, *loc, "category")
        elif isinstance(item, Category):
            refer("categories", item.big, "big")
            refer("units", item.unit, "unit")
            refer("workflows", item.workflow, "workflow")
            self._category(key, item)
        elif isinstance(item, Inhibition):
            for name, match in (("source", item.source), ("target", item.target)):
                refer("areas", match.area, name, "area")
                refer("sites", match.site, name, "site")
        elif isinstance(item, User):
            refer_all("areas", item.areas, "areas")
            refer_all("sites", item.sites, "sites")
            refer_all("units", item.units, "units")
        elif isinstance(item, Workflow):
            refer("calendars", item.calendar, "calendar")
            self._workflow(key, item)
        elif isinstance(item, Roster):
            refer("units", item.unit, "unit")
            refer("calendars", item.calendar, "calendar")
            for at, shift in enumerate(item.shifts):
                for n, user in enumerate(shift.users):
                    refer("users", user, "shifts", at, "users", n)
                for n, channel in enumerate(shift.channels):
                    refer("channels", channel, "shifts", at, "channels", n)
        elif isinstance(item, Escalation):
            refer("areas", item.match.area, "match", "area")
            refer("sites", item.match.site, "match", "site")
            self._steps(key, item)
            for at, step in enumerate(item.steps):
                for n, channel in enumerate(step.channels):
                    refer("channels", channel, "steps", at, "channels", n)
        elif section == "devices":
            site = getattr(item, "site", None)
            refer("sites", site, "site")
            refer("devices", getattr(item, "gateway", None), "gateway")
            self._device(key, item, str(site))

    def _leader(self, key: str, area: Area) -> None:
        """Whoever leads an area must be able to handle what is reported in it."""
        person = self._people.get(area.leader or "")
        if person is not None and (person.role != "handler" or not person.units):
            what = f"{person.name} is no handler with a unit, and could not take a report in hand"
            self._complain("areas", key, ("leader",), what, "name a handler that has a unit")

    def _above(self, key: str, area: Area) -> None:
        """An area stands below one of a higher level, never below itself."""
        seen, step = [area.id], area
        while step.parent is not None and step.parent in self._areas:
            if step.parent in seen:
                if area.id != min(seen[seen.index(step.parent) :]):
                    return  # told once, at one of them
                way = " → ".join([*seen, step.parent])
                self._complain(
                    "areas", key, ("parent",), f"the areas go in a circle ({way})", "take one parent out"
                )
                return
            seen.append(step.parent)
            step = self._areas[step.parent]
        parent = self._areas.get(area.parent or "")
        if parent and LEVELS.index(parent.level) >= LEVELS.index(area.level):
            what = f"a {area.level} cannot stand below a {parent.level}"
            self._complain("areas", key, ("level",), what, f"order, highest first: {', '.join(LEVELS)}")

    def _device(self, key: str, item: BaseModel, site_id: str) -> None:
        site = self._sites.get(site_id)
        room = getattr(item, "room", None)
        if site and room and room not in {each.id for each in site.rooms}:
            mend = meant(room, (each.id for each in site.rooms), "room of that site")
            self._complain("devices", key, ("room",), f"site {site.id} has no room {room!r}", mend)
        for word in item.offsets if isinstance(item, Sensor) else ():
            known = {name for name, each in quantities().items() if not each.boolean}
            if word not in known:
                mend = meant(word, known, "quantity")
                self._complain(
                    "devices", key, ("offsets", word), f"{word!r} is no quantity with a number", mend
                )
        self._behind(key)
        if key in self._sites and key != site_id:
            what = f"{key!r} is also a site, and this device stands at another"
            self._complain("devices", key, ("id",), what, "give the device another id")

    def _behind(self, key: str) -> None:
        """A device's messages come through another one, never through itself."""
        seen, step = [key], self._devices.get(key)
        while step is not None and step.gateway is not None:
            if step.gateway in seen:
                if key == min(seen[seen.index(step.gateway) :]):  # told once, at one of them
                    way = " → ".join([*seen, step.gateway])
                    what = f"the gateways go in a circle ({way})"
                    self._complain("devices", key, ("gateway",), what, "take one gateway out")
                return
            seen.append(step.gateway)
            step = self._devices.get(step.gateway)

    def _rule(self, key: str, rule: RuleParams) -> None:
        def complain(what: str, mend: str, *loc: str | int) -> None:
            self._complain("rules", key, loc, what, mend)

        if not (rule.devices or rule.sites or rule.site_kinds or rule.areas):
            complain("the rule watches nothing", "name devices, sites, site_kinds or areas")
        for at, kind in enumerate(rule.site_kinds):
            if kind not in SITE_KINDS:
                complain(f"{kind!r} is no kind of site", meant(kind, SITE_KINDS, "kind"), "site_kinds", at)
        if rule.zone_name and forbidden_room(rule.zone_name):
            complain(*forbidden(rule.zone_name).split("; ", 1), "zone_name")
        quantity = getattr(rule, "quantity", None)
        if isinstance(quantity, str) and quantity not in quantities():
            complain(f"{quantity!r} is no quantity", meant(quantity, quantities(), "quantity"), "quantity")
        preset = getattr(rule, "preset", None)
        for at, name in enumerate(rule.devices if preset is not None else ()):
            camera = self._devices.get(name)
            known = {each.id for each in camera.presets} if isinstance(camera, Camera) else {str(preset)}
            if preset not in known:
                complain(
                    f"{name!r} has no preset {preset!r}", meant(str(preset), known, "preset"), "devices", at
                )
        if rule.probe is not None and shelf.kinds()[rule.kind].INPUT != "readings":
            complain("a camera has no probe", "take `probe` out", "probe")
        wants_camera = shelf.kinds()[rule.kind].INPUT != "readings"
        for at, name in enumerate(rule.devices):
            device = self._devices.get(name)
            if device is not None and isinstance(device, Camera) != wants_camera:
                a = f"{name!r} is a {device.kind}"
                mend = "name a camera" if wants_camera else "name a sensor"
                complain(f"{a}, and a {rule.kind} rule looks at {mend[7:]}s", mend, "devices", at)

    def _steps(self, key: str, chain: Escalation) -> None:
        """Whom a step tells: one word, so that it must not mean two."""
        for at, step in enumerate(chain.steps):
            if step.to == DUTY:
                continue
            sections = [each for each in ("rosters", "units", "users") if self._known.has(each, step.to)]
            if not sections:
                known = [
                    key for each in ("rosters", "units", "users") for key in self._known.keys.get(each, ())
                ]
                self._complain(
                    "escalations", key, ("steps", at, "to"),
                    f"there is no roster, unit or user {step.to!r}", meant(step.to, [DUTY, *known], "of them"),
                )  # fmt: skip
            elif len(sections) > 1:
                what = f"{step.to!r} is in {' and '.join(sections)}"
                self._complain("escalations", key, ("steps", at, "to"), what, "rename one of them")

    def _workflow(self, key: str, workflow: Workflow) -> None:
        words = [each.step for each in workflow.steps]
        for at, step in enumerate(workflow.steps):
            if step.step in words[:at]:
                self._complain(
                    "workflows", key, ("steps", at, "step"), f"{step.step!r} is there twice", "name it apart"
                )
            if step.return_to is not None and step.return_to not in words[:at]:
                mend = f"one of: {', '.join(words[:at])}" if at else "take it out"
                self._complain(
                    "workflows",
                    key,
                    ("steps", at, "return_to"),
                    f"{step.return_to!r} is no earlier step",
                    mend,
                )

    def _category(self, key: str, category: Category) -> None:
        """A matter belongs to a group, and its limits are of steps that there are."""
        big = self._groups.get(category.big or "")
        if big:
            what = f"{category.big!r} is itself a matter of {big}"
            self._complain("categories", key, ("big",), what, "name a group: a category without big")
        for step in category.limits:
            known = self._words.get(category.workflow or "", self._all_steps)
            if step not in known:
                self._complain(
                    "categories",
                    key,
                    ("limits", step),
                    f"there is no step {step!r}",
                    meant(step, known, "step"),
                )

    def _route_ids(self) -> None:
        """A route below another is known by its id among all of them."""
        seen: set[str] = set()
        for key, item in self._registry.by_key("routes").items():
            for loc, each in branches(item) if isinstance(item, Route) else ():
                if each.id is not None and each.id in seen and loc:
                    what = f"there is another route {each.id!r}"
                    self._complain("routes", key, (*loc, "id"), what, "name it apart, or leave the id out")
                seen |= {each.id} if each.id else set()

    def _bindings(self) -> None:
        """Two sensors that cannot be told apart would take each other's readings."""
        seen: dict[tuple[object, ...], str] = {}
        for device in self._registry.devices:
            if not isinstance(device, Sensor) or (device.topic is None and device.external_id is None):
                continue
            how = None if device.mapping is None else device.mapping.model_dump_json()
            binding = (device.payload, device.topic, device.external_id, how)
            first = seen.setdefault(binding, device.id)
            if first != device.id:
                what = f"listens to the same as {first}"
                loc = ("topic",) if device.topic is not None else ("external_id",)
                self._complain("devices", device.id, loc, what, "give each its own topic or external_id")


def _routes_of(mode: Mode) -> list[tuple[tuple[str | int, ...], Route]]:
    """The routes of a mode, each with its path within the entry."""
    return [(("routes", at), route) for at, route in enumerate(mode.routes)]


def check_secrets(stored: Registry, wanted: Registry, complain: Complain) -> None:
    """`***` keeps the stored secret, where there is one and it may stay."""
    before = {(section, key): item for section, key, item in stored.items()}
    for section, key, item in wanted.items():
        old = before.get((section, key))
        for name in sorted(secret_keys(item)):
            if getattr(item, name) != MASK:
                continue
            if old is None or getattr(old, name) is None:
                complain(
                    section, key, (name,), f"*** keeps a stored {name}, and none is stored", "write it out"
                )
            elif not keeps_place(item, old):
                what = f"*** cannot keep the {name}: it belongs to another host, user or person"
                complain(section, key, (name,), what, "write it out, or take it out")


def catch_all_missing(registry: Registry) -> bool:
    """Whether incidents could find no route: there are rules or routes, and none without match."""
    if not (registry.routes or registry.rules):
        return False
    return not any(each.match == type(each.match)() for each in registry.routes)


def known_of(registry: Registry, more: Mapping[str, Iterable[str]]) -> Known:
    """The keys of a registry, of the shipped workflows, and of `more`."""
    keys: dict[str, set[str]] = {
        "areas": set(), "units": set(), "sites": set(), "devices": set(), "channels": set(),
        "workflows": set(shipped_workflows()), "calendars": set(shipped_calendars()),
        "categories": set(shipped_categories()), "users": set(),
    }  # fmt: skip
    for section, key, _ in registry.items():
        keys.setdefault(section, set()).add(key)
    for section, names in more.items():
        keys.setdefault(section, set()).update(names)
    return Known({section: frozenset(names) for section, names in keys.items()})
