"""Sight: what one reader may see: nouns × areas × kinds of site × sites × units; deny by default.

`Visibility` says where a thing stands, `Sight` says how far a reader looks; `sees()` compares the two. The
ledger turns the same comparison into SQL (`alerts/ledger/sieve.py`), so lists, pushes and single things are
filtered by one table: DIMENSIONS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Dimension = Literal["area", "site_kind", "site", "unit"]

DIMENSIONS: Mapping[str, frozenset[Dimension]] = {
    "area": frozenset({"area"}),
    "unit": frozenset({"area"}),
    "site": frozenset({"area", "site_kind", "site"}),
    "device": frozenset({"area", "site_kind", "site"}),
    "rule": frozenset(),  # rules and routes say how the county works, not what happens somewhere
    "route": frozenset(),
    "user": frozenset({"area"}),
    "incident": frozenset({"area", "site_kind", "site", "unit"}),
    "evidence": frozenset({"area", "site_kind", "site", "unit"}),
    "case": frozenset({"area", "site_kind", "site", "unit"}),
    "event": frozenset(),  # the log as a whole; each row is judged as the noun it is about
    "reading": frozenset({"area", "site_kind", "site"}),
    "rejected": frozenset(),  # what was refused often has no place: all of it or nothing
    "webhook": frozenset(),
    "channel": frozenset(),
    "delivery": frozenset(),  # a dead letter says which receiver failed, not what happened where
    "silence": frozenset({"area", "site_kind", "site"}),
    "damping": frozenset({"area", "site_kind", "site"}),
    "lesson": frozenset({"area", "site_kind", "site"}),
    "notice": frozenset({"area", "site_kind", "site", "unit"}),
    "broadcast": frozenset({"area", "site"}),
    "audit": frozenset({"area"}),
    "duty": frozenset({"area"}),
    "test-alarm": frozenset(),  # about the hub itself
    "contact": frozenset({"area", "site_kind", "site"}),
    "together": frozenset(),
    "workflow": frozenset(),
    "shift": frozenset({"area", "site_kind", "site"}),  # a room's: not for who sees some of its places only
    "mode": frozenset(),  # which area is in an emergency concerns everybody who may read it
    "report": frozenset(),  # counts only what its reader sees otherwise
    "category": frozenset(),
    "plan": frozenset(),
}
"""Every noun, and which limits of a reader apply to it. A noun that is missing here is seen by nobody."""

NOUNS: frozenset[str] = frozenset(DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Visibility:
    """Where a thing stands; None or empty where it has no such property.

    Attributes:
        area: Id of its own area (not of the areas above).
        site_kind: `canteen-school`, `crossroad`, …
        site: Id of its site.
        units: Ids of the units it was given to.
    """

    area: str | None = None
    site_kind: str | None = None
    site: str | None = None
    units: frozenset[str] = frozenset()

    def with_units(self, units: Iterable[str]) -> Visibility:
        """The same place, given to `units`."""
        return Visibility(self.area, self.site_kind, self.site, frozenset(units))


@dataclass(frozen=True, slots=True)
class Sight:
    """How far one reader looks. None means no limit; an empty set means nothing at all.

    Attributes:
        nouns: What sorts of things.
        areas: Ids of the areas, descendants included (the builder of a Sight expands them).
        site_kinds: Kinds of site.
        sites: Ids of sites.
        units: Ids of units.
    """

    nouns: frozenset[str] = frozenset()
    areas: frozenset[str] | None = field(default_factory=frozenset[str])
    site_kinds: frozenset[str] | None = None
    sites: frozenset[str] | None = None
    units: frozenset[str] | None = None

    def limit(self, dimension: Dimension) -> frozenset[str] | None:
        """The allowed values of one dimension, None for all."""
        return {"area": self.areas, "site_kind": self.site_kinds, "site": self.sites, "unit": self.units}[
            dimension
        ]

    def sees(self, noun: str, place: Visibility) -> bool:
        """Whether this reader may see a `noun` that stands at `place`."""
        if noun not in self.nouns or noun not in DIMENSIONS:
            return False
        for dimension in DIMENSIONS[noun]:
            allowed = self.limit(dimension)
            if allowed is None:
                continue
            if dimension == "unit":
                if not (allowed & place.units):
                    return False
            else:
                value = {"area": place.area, "site_kind": place.site_kind, "site": place.site}[dimension]
                if value is None or value not in allowed:
                    return False
        return True

    def as_dict(self) -> dict[str, list[str] | None]:
        """For storage; `Sight.of()` reads it back."""
        return {
            "nouns": sorted(self.nouns),
            "areas": _sorted(self.areas),
            "site_kinds": _sorted(self.site_kinds),
            "sites": _sorted(self.sites),
            "units": _sorted(self.units),
        }

    @staticmethod
    def of(stored: Mapping[str, list[str] | None]) -> Sight:
        """What `as_dict()` wrote; a key that is missing denies."""
        return Sight(
            nouns=frozenset(stored.get("nouns") or ()),
            areas=_set(stored.get("areas", [])),
            site_kinds=_set(stored.get("site_kinds", [])),
            sites=_set(stored.get("sites", [])),
            units=_set(stored.get("units", [])),
        )

    @staticmethod
    def everything() -> Sight:
        """The hub itself, and readers without any limit."""
        return Sight(nouns=NOUNS, areas=None)


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
