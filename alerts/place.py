"""Place: where a condition holds: a site (`school-1`), a zone of it (`school-1/store`), or a device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place as signals name it.

    Attributes:
        base: Site id, or device id for the health of a device.
        zone: Name of the zone within the site, or None.
    """

    base: str
    zone: str | None = None

    def __str__(self) -> str:
        """`school-1` or `school-1/store`."""
        return f"{self.base}/{self.zone}" if self.zone else self.base


def parse_place(text: str) -> Place:
    """The place that `text` names; raises ValueError when a part is empty."""
    base, slash, zone = text.partition("/")
    if not base or (slash and not zone):
        raise ValueError(f"{text!r} is not a place; write site or site/zone")
    return Place(base, zone or None)
