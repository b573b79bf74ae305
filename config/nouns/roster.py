"""Roster: who is on duty in a unit, by days and hours."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from config.fields import ClockTime, DutyDays, Id, LoginName, Name
from config.nouns.item import Item


class Shift(Item):
    """One stretch of duty; it belongs to the day on which it begins, and may end on the next."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    days: DutyDays = "daily"
    start: ClockTime = Field(default="00:00", alias="from")
    end: ClockTime = Field(default="24:00", alias="to")
    users: tuple[LoginName, ...] = ()
    channels: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.users or self.channels):
            raise ValueError("the shift reaches nobody; name users, channels or both")
        return self


class Roster(Item):
    """The shifts of one unit; working days are those of `calendar` (default `office`) in the unit's zone."""

    id: Id
    unit: Id
    name: Name | None = None
    calendar: Id | None = None
    shifts: tuple[Shift, ...] = Field(min_length=1)
