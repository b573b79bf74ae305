"""Unit: a department, town office or station."""

from __future__ import annotations

from config.fields import Id, Name
from config.nouns.item import Item


class Unit(Item):
    """A department, town office or station that cases are given to."""

    id: Id
    name: Name
    area: Id | None = None
