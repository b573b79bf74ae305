"""Together: conditions that mean one thing when they meet."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from alerts.correlate import kinds
from config.fields import Id
from config.nouns.item import Item
from detectors.rule import Duration
from detectors.signal import Severity


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
