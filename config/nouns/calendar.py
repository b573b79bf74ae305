"""Calendar: the working days and hours that limits are counted in."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from config.fields import Hours, Id, Weekly, opening
from config.nouns.item import Item


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
