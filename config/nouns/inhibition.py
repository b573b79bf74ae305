"""Inhibition: a root cause, and what it mutes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from alerts.inhibit import Equal
from config.fields import Id
from config.nouns.item import Item
from config.nouns.route import RouteMatch


class Inhibition(Item):
    """While an incident of `source` is open nobody is told of those of `target`; `config/inhibitions.yaml` explains."""

    id: Id
    source: RouteMatch
    target: RouteMatch
    equal: tuple[Equal, ...] = Field(min_length=1)
    enabled: bool = True

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        for name, match in (("source", self.source), ("target", self.target)):
            if match == RouteMatch():
                raise ValueError(f"{name} matches everything; name at least a condition or a kind")
        return self
