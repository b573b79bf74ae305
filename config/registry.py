"""Registry: what a county consists of: areas, units, calendars, sites, devices, rules, routes and so on.

These models are the schema of the file that `hub apply` reads and of what the console edits; unknown keys are
mistakes. Rules take their parameters from the shelf detectors/rules: a new kind of rule needs no change here.
What a single entry cannot know (does that site exist?) is judged by config/references.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.closing import CLEAR_FOR, REOPEN_WITHIN
from alerts.correlate import kinds
from config.fields import (
    AllowedWord,
    CameraUrl,
    CaseLimit,
    Hours,
    Id,
    LoginName,
    Name,
    RoomKind,
    ShortText,
    TimeZone,
    Topic,
    Weekly,
    opening,
)
from config.secrets import MASK
from config.urls import holds_secret, split_credentials
from detectors.rule import Duration, RuleParams
from detectors.signal import Severity

Level = Literal["league", "county", "town", "village", "micro-community", "grid", "micro-grid"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Highest first; any may be missing between."""

SiteKind = Literal[
    "canteen-school", "canteen-care", "canteen-hospital", "central-kitchen", "catering",
    "crossroad", "village", "scenic", "water",
]  # fmt: skip
SITE_KINDS: tuple[SiteKind, ...] = get_args(SiteKind)
KITCHENS: tuple[SiteKind, ...] = SITE_KINDS[:5]

Role = Literal[
    "operator", "inspector", "site-keeper", "dispatcher", "handler", "supervisor", "administrator",
    "auditor", "platform",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)


class Item(BaseModel):
    """What all entries share: unknown keys are mistakes, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Area(Item):
    """A county, town, village, grid …; visible to people whose scope includes it or an area above it."""

    id: Id
    level: Level
    name: Name
    parent: Id | None = None
    timezone: TimeZone | None = None


class Unit(Item):
    """A department, town office or station that cases are given to."""

    id: Id
    name: Name
    area: Id | None = None


class Room(Item):
    """A part of a site, such as the store or the cooking room; the kinds the law forbids are refused."""

    id: Id
    kind: RoomKind
    name: Name | None = None


class Site(Item):
    """A kitchen, crossroad, village …: what incidents are about."""

    id: Id
    area: Id
    kind: Annotated[SiteKind, AllowedWord]
    name: Name
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    calendar: Id | None = None
    state: Literal["open", "closed", "closed-until"] = "open"
    until: date | None = None
    rooms: tuple[Room, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together; give both or none")
        if (self.state == "closed-until") != (self.until is not None):
            raise ValueError(
                "closed-until and until belong together; write state: closed-until, until: 2027-02-20"
            )
        return self


class Term(Item):
    """One school term; both days belong to it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last < self.first:
            raise ValueError("the term ends before it begins; exchange from and to")
        return self


class Calendar(Item):
    """Working days and hours that limits are counted in; `config/calendars.yaml` explains each key."""

    id: Id
    weekly: Weekly = "mon-fri"
    hours: tuple[Hours, ...] = Field(default=("08:30-12:00", "14:00-17:30"), min_length=1)
    holidays: Literal["CN", "none"] = "CN"
    off: tuple[date, ...] = ()
    work: tuple[date, ...] = ()
    terms: tuple[Term, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        spans = [opening(each) for each in self.hours]
        if any(after[0] < before[1] for before, after in pairwise(spans)):
            raise ValueError(
                "the hours overlap or are out of order; write each span once, the earliest first"
            )
        if both := sorted(set(self.off) & set(self.work)):
            raise ValueError(f"{both[0]} is both off and work; take it out of one")
        if any(after.first <= before.last for before, after in pairwise(self.terms)):
            raise ValueError("the terms overlap or are out of order; write each once, the earliest first")
        return self


class Contact(Item):
    """Somebody on duty at a site; the phone number is encrypted and never pushed or logged."""

    site: Id
    duty: ShortText
    name: ShortText
    phone: ShortText | None = None


class Device(Item):
    """What all devices share."""

    id: Id
    site: Id
    name: Name | None = None


class Camera(Device):
    """A camera; user and password are kept apart from the address, the password is encrypted."""

    kind: Literal["camera"]
    url: CameraUrl
    fps: float = Field(default=5.0, gt=0, le=60)
    model: Id | None = None
    user: ShortText | None = None
    password: ShortText | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    substream: CameraUrl | None = None
    playback: ShortText | None = None
    source_platform: ShortText | None = None
    room: Id | None = None
    purpose: ShortText | None = None
    legal_basis: ShortText | None = None
    owner: ShortText | None = None
    sign_posted: bool | None = None
    filed_no: ShortText | None = None

    @model_validator(mode="before")
    @classmethod
    def _credentials_apart(cls, value: object) -> object:
        """`rtsp://user:password@host/` is the same as an address with `user` and `password` beside it."""
        if not isinstance(value, dict):
            return value
        body = dict(value)
        for key in ("url", "substream"):
            if not isinstance(body.get(key), str):
                continue
            try:
                bare, user, password = split_credentials(body[key])
            except ValueError:
                continue  # the field's own validator says what is wrong with it
            for name, found in (("user", user), ("password", password)):
                if found is None:
                    continue
                if body.get(name) not in (None, found):
                    raise ValueError(f"{key} carries another {name} than the key {name}; give it once")
                body[name] = found
            body[key] = bare
        return body

    def secret_keys(self) -> frozenset[str]:
        """The keys that are encrypted and never shown: the password, and addresses with one inside."""
        keys = {"password"}
        for key, url in (("url", self.url), ("substream", self.substream), ("playback", self.playback)):
            if url and (url == MASK or holds_secret(url) or split_credentials(url)[2] is not None):
                keys.add(key)
        return frozenset(keys)

    def host(self) -> str:
        """Where user and password are sent; empty while the address itself is a secret."""
        return urlsplit(self.url).netloc.lower()


class Sensor(Device):
    """A sensor behind MQTT: `topic` binds it; `external_id` is its name where many share one topic."""

    kind: Literal["sensor"]
    payload: Id = "native"
    topic: Topic | None = None
    external_id: ShortText | None = None
    room: Id | None = None

    @model_validator(mode="after")
    def _bound(self) -> Self:
        if self.payload != "native" and self.topic is None and self.external_id is None:
            raise ValueError(
                f"a {self.payload} device cannot be told apart; give its topic, or external_id (its name there)"
            )
        return self


class Gateway(Sensor):
    """A gateway: its own health arrives like a sensor's."""

    kind: Literal["gateway"]  # type: ignore[assignment] # the word is what tells a gateway from a sensor


class Speaker(Device):
    """A loudspeaker node; it speaks the native convention under hub/v1/<site>/<id>/."""

    kind: Literal["speaker"]


AnyDevice = Camera | Sensor | Gateway | Speaker
DEVICE_KINDS: dict[str, type[Camera | Sensor | Gateway | Speaker]] = {
    "camera": Camera,
    "sensor": Sensor,
    "gateway": Gateway,
    "speaker": Speaker,
}


class Together(Item):
    """Several conditions at one place that mean one thing, with higher certainty.

    `kind` is a file of the shelf alerts/together; `area` means the own area of the sites.
    """

    id: Id
    kind: Id = "conditions"
    any_of: tuple[tuple[Id, ...], ...] = Field(min_length=1)
    within: Duration = timedelta(minutes=3)
    place: Literal["site", "zone", "area"] = "site"
    severity: Severity = "major"
    condition: Id | None = None

    @field_validator("kind")
    @classmethod
    def _on_the_shelf(cls, value: str) -> str:
        if value not in kinds():
            raise ValueError(f"there is no kind {value!r}; write one of {', '.join(kinds())}")
        return value

    @model_validator(mode="after")
    def _two_at_least(self) -> Self:
        if any(len(set(each)) < 2 for each in self.any_of):
            raise ValueError(
                "each line of any_of needs two different conditions; write [[smoke-seen, gas-level]]"
            )
        if any((self.condition or self.id) in each for each in self.any_of):
            raise ValueError(
                f"{self.condition or self.id} cannot follow from itself; give it a condition of its own"
            )
        return self


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


class User(Item):
    """Somebody (or some machine) that logs in; the password is stored as a hash only."""

    name: LoginName
    role: Role
    areas: tuple[Id, ...] = ()
    site_kinds: tuple[SiteKind, ...] = ()
    sites: tuple[Id, ...] = ()
    units: tuple[Id, ...] = ()
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class WorkflowStep(Item):
    """One step of a workflow; `config/workflows.yaml` explains each key."""

    step: Id
    name: Name
    roles: tuple[Role, ...] = Field(min_length=1)
    limit: CaseLimit | None = None
    needs: tuple[Literal["to", "note"], ...] = ()
    by_unit: bool = False
    independent: bool = False
    return_to: Id | None = None
    all_reported: bool = False


class Workflow(Item):
    """A county's own closed loop, beside the five that are shipped."""

    id: Id
    name: Name
    steps: tuple[WorkflowStep, ...] = Field(min_length=1)
    calendar: Id | None = None
    clear_for: Duration = CLEAR_FOR


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything of a file, or of the ledger.

    Attributes:
        given: The sections that the file has, empty ones among them.
    """

    areas: tuple[Area, ...] = ()
    units: tuple[Unit, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    sites: tuple[Site, ...] = ()
    contacts: tuple[Contact, ...] = ()
    devices: tuple[AnyDevice, ...] = ()
    rules: tuple[RuleParams, ...] = ()
    together: tuple[Together, ...] = ()
    routes: tuple[Route, ...] = ()
    users: tuple[User, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    given: frozenset[str] = frozenset()

    def items(self) -> Iterator[tuple[str, str, BaseModel]]:
        """Each entry as (section, key, model), in the order of SECTIONS; a key is unique in its section."""
        for section in SECTIONS:
            for key, item in keyed(getattr(self, section)):
                yield section, key, item

    def by_key(self, section: str) -> dict[str, BaseModel]:
        """The entries of one section."""
        return {key: item for name, key, item in self.items() if name == section}


SECTIONS: dict[str, str] = {
    "areas": "area",
    "units": "unit",
    "calendars": "calendar",
    "sites": "site",
    "contacts": "contact",
    "devices": "device",
    "rules": "rule",
    "together": "together",
    "routes": "route",
    "users": "user",
    "workflows": "workflow",
}
"""The sections of a file, in the order they are written, and the noun of one entry."""


def keyed(items: Iterable[BaseModel]) -> Iterator[tuple[str, BaseModel]]:
    """The items of one section with their keys; a second of the same key gets `/2`.

    Two contacts of one duty at one site are two people, not a mistake.
    """
    seen: dict[str, int] = {}
    for at, item in enumerate(items):
        key = key_of(item, at)
        seen[key] = seen.get(key, 0) + 1
        yield key if seen[key] == 1 else f"{key}/{seen[key]}", item


def key_of(item: BaseModel, position: int) -> str:
    """What an entry is known by within its section; `position` (from 0) names a route without an id."""
    if isinstance(item, User):
        return item.name
    if isinstance(item, Contact):
        return f"{item.site}/{item.duty}"
    if isinstance(item, Route) and item.id is None:
        return f"route-{position + 1}"
    return str(getattr(item, "id"))  # noqa: B009 - every other entry has one; the base class need not


def route_order(route: Route) -> tuple[int, bool, str]:
    """How routes are tried: by `order`; at the same place the one that matches everything comes last."""
    return (route.order or 0, route.match == RouteMatch(), route.id or "")
