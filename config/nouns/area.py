"""Area: a county, town, village, grid."""

from __future__ import annotations

from typing import Literal, get_args

from alerts.directory import LEADER_WITHIN
from config.fields import CaseLimit, Id, LoginName, Name, TimeZone
from config.nouns.item import Item

Level = Literal["league", "county", "town", "village", "micro-community", "grid", "micro-grid"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Highest first; any may be missing between."""


class Area(Item):
    """A county, town, village, grid …; visible to people whose scope includes it or an area above it."""

    id: Id
    level: Level
    name: Name
    parent: Id | None = None
    timezone: TimeZone | None = None
    leader: LoginName | None = None
    leader_within: CaseLimit = LEADER_WITHIN
