"""Mode: what an emergency changes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from alerts.mode import PEACE
from config.fields import Id, Name
from config.nouns.item import Item
from config.nouns.route import Route
from config.nouns.site import SiteKind


def _not_peace(word: str) -> str:
    if word == PEACE:
        raise ValueError("peace is the mode in which nothing is changed; give this one another id")
    return word


class ModeSampling(Item):
    """How often cameras are looked at; without `site_kinds` those of every kind of site."""

    site_kinds: tuple[SiteKind, ...] = ()
    factor: float = Field(gt=0, le=10)


class Mode(Item):
    """What an emergency changes; `config/modes.yaml` explains each key."""

    id: Annotated[Id, AfterValidator(_not_peace)]
    name: Name
    sampling: tuple[ModeSampling, ...] = ()
    routes: tuple[Route, ...] = ()
    around_the_clock: bool = False
    limits: float = Field(default=1.0, gt=0, le=1)
    speakers: tuple[Literal["inspector", "supervisor"], ...] = ()
