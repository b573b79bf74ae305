"""Escalation: whom to tell next when nobody acknowledges."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from config.fields import Id, LoginName
from config.nouns.item import Item
from config.nouns.route import RouteMatch
from detectors.rule import Duration


class EscalationStep(Item):
    """One step; `to` is a roster, a unit, a user, or `duty`: whoever is on duty nearest to the place."""

    after: Duration
    to: LoginName
    channels: tuple[Id, ...] = ()


class Escalation(Item):
    """A chain of steps; `config/escalations.yaml` explains each key."""

    id: Id
    match: RouteMatch = RouteMatch()
    during: Literal["always", "working", "off"] = "always"
    steps: tuple[EscalationStep, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if any(later.after <= earlier.after for earlier, later in pairwise(self.steps)):
            raise ValueError(
                "each step comes later than the one before; `after` counts from the incident, not from the last step"
            )
        return self
