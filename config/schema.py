"""Schema: which model each section of the registry has; devices, rules and channels choose theirs by a word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel

from config.nouns.area import Area
from config.nouns.calendar import Calendar
from config.nouns.category import Category
from config.nouns.channel import CHANNEL_KINDS
from config.nouns.contact import Contact
from config.nouns.device import DEVICE_KINDS
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
from detectors import shelf
from ingest.shelf import modules

MODELS: Mapping[str, type[BaseModel]] = {
    "areas": Area,
    "units": Unit,
    "calendars": Calendar,
    "sites": Site,
    "contacts": Contact,
    "together": Together,
    "inhibitions": Inhibition,
    "routes": Route,
    "users": User,
    "workflows": Workflow,
    "rosters": Roster,
    "escalations": Escalation,
    "categories": Category,
    "plans": Plan,
    "modes": Mode,
}
"""Sections whose entries are all of one model; devices, rules and channels choose theirs by `kind`."""


@cache
def rule_models() -> Mapping[str, type[BaseModel]]:
    """The parameters of each kind of rule on the shelf."""
    return {kind: module.Params for kind, module in shelf.kinds().items()}


@cache
def payload_names() -> frozenset[str]:
    """The conventions on the payload shelf."""
    return frozenset(modules("ingest.payloads"))


def by_kind(section: str) -> Mapping[str, type[BaseModel]]:
    """The models of a section whose entries choose theirs by `kind`."""
    if section == "channels":
        return CHANNEL_KINDS
    return rule_models() if section == "rules" else DEVICE_KINDS
