"""Mode: what an area does otherwise while it is out of its peace-time mode (平战转换); pure.

An overlay changes four things in the area and all below it, by data: how often cameras are looked at, which routes
are tried first, how limits are counted, and who beside the usual roles may speak through loudspeakers. Nothing of the
registry is changed for it: without the overlay everything is as it was. Of several the nearest area's counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.route import Route
from ingest.text import Text

PEACE = "peace"
"""The mode without an overlay."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often cameras of these kinds of sites (empty: all) are looked at: `factor` times as often as else."""

    factor: float
    site_kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Overlay:
    """One mode.

    Attributes:
        id: emergency, or a county's own.
        name: In both languages.
        sampling: The first that fits a camera's site counts; none fits: as else.
        routes: Tried before the registry's.
        around_the_clock: Limits that count working time run around the clock, as those of life do.
        limits: Every limit that begins is this share of itself.
        speakers: Roles that may broadcast, beside those that always may.
    """

    id: str
    name: Text
    sampling: tuple[Sampling, ...] = ()
    routes: tuple[Route, ...] = ()
    around_the_clock: bool = False
    limits: float = 1.0
    speakers: frozenset[str] = frozenset()

    def factor(self, site_kind: str) -> float:
        """How many times as often cameras of this kind of site are looked at."""
        fits = (each.factor for each in self.sampling if not each.site_kinds or site_kind in each.site_kinds)
        return next(fits, 1.0)


def in_force(active: Mapping[str, Overlay], path: tuple[str, ...]) -> Overlay | None:
    """The overlay of the nearest area; `path` goes from the top down to the area itself."""
    return next((active[area] for area in reversed(path) if area in active), None)
