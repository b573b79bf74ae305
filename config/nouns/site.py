"""Site: a kitchen, crossroad or village, and its rooms."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from config.fields import AllowedWord, Id, Name, RoomKind
from config.nouns.item import Item

SiteKind = Literal[
    "canteen-school", "canteen-care", "canteen-hospital", "central-kitchen", "catering",
    "crossroad", "village", "scenic", "water",
]  # fmt: skip
SITE_KINDS: tuple[SiteKind, ...] = get_args(SiteKind)
KITCHENS: tuple[SiteKind, ...] = SITE_KINDS[:5]


class Room(Item):
    """A part of a site, such as the store or the cooking room; the kinds the law forbids are refused."""

    id: Id
    kind: RoomKind
    name: Name | None = None


class Site(Item):
    """A kitchen, crossroad, village …: what incidents are about."""

    id: Id
    area: Id
    kind: Annotated[SiteKind, AllowedWord]
    name: Name
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    calendar: Id | None = None
    state: Literal["open", "closed", "closed-until"] = "open"
    until: date | None = None
    rooms: tuple[Room, ...] = ()
    channels: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together; give both or none")
        if (self.state == "closed-until") != (self.until is not None):
            raise ValueError(
                "closed-until and until belong together; write state: closed-until, until: 2027-02-20"
            )
        return self
