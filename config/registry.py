"""Registry: what a county consists of: areas, units, calendars, sites, devices, rules, channels, routes and so on.

Their models (config/nouns) are the schema of the file that `hub apply` reads and of what the console edits;
unknown keys are mistakes. Rules take their parameters from the shelf detectors/rules, channels from alerts/channels:
a new kind needs no change here. What a single entry cannot know (does that site exist?) is judged by
config/references.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from alerts.channel import ChannelParams
from config.nouns.area import Area
from config.nouns.calendar import Calendar
from config.nouns.category import Category
from config.nouns.contact import Contact
from config.nouns.device import AnyDevice
from config.nouns.escalation import Escalation
from config.nouns.inhibition import Inhibition
from config.nouns.mode import Mode
from config.nouns.plan import Plan
from config.nouns.roster import Roster
from config.nouns.route import Route
from config.nouns.site import Site
from config.nouns.together import Together
from config.nouns.unit import Unit
from config.nouns.user import User
from config.nouns.workflow import Workflow
from detectors.rule import RuleParams


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
    inhibitions: tuple[Inhibition, ...] = ()
    channels: tuple[ChannelParams, ...] = ()
    routes: tuple[Route, ...] = ()
    users: tuple[User, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    rosters: tuple[Roster, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    categories: tuple[Category, ...] = ()
    plans: tuple[Plan, ...] = ()
    modes: tuple[Mode, ...] = ()
    given: frozenset[str] = frozenset()

    def items(self) -> Iterator[tuple[str, str, BaseModel]]:
        """Each entry as (section, key, model), in the order of SECTIONS; a key is unique in its section."""
        for section in SECTIONS:
            for key, item in keyed(getattr(self, section)):
                yield section, key, item

    def by_key(self, section: str) -> dict[str, BaseModel]:
        """The entries of one section."""
        return dict(keyed(getattr(self, section)))


SECTIONS: dict[str, str] = {
    "areas": "area",
    "units": "unit",
    "calendars": "calendar",
    "sites": "site",
    "contacts": "contact",
    "devices": "device",
    "rules": "rule",
    "together": "together",
    "inhibitions": "inhibition",
    "channels": "channel",
    "routes": "route",
    "users": "user",
    "workflows": "workflow",
    "rosters": "roster",
    "escalations": "escalation",
    "categories": "category",
    "plans": "plan",
    "modes": "mode",
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
