"""Near: cases that may be about the same as another, by place, subject and time; offered, never merged by itself; pure.

Two cases are near when they stand at one site or within RADIUS of each other, are of one category or kind, and were
opened within WINDOW. How near is a sum of POINTS: it only orders the offer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

RADIUS = 50.0
"""Metres: what one person sees from where another stood."""
WINDOW = timedelta(hours=24)
EARTH = 6_371_008.8
"""Metres: the Earth's mean radius (IUGG)."""

POINTS: tuple[tuple[str, float, int], ...] = (
    ("metres", 10, 50),
    ("metres", 25, 40),
    ("metres", RADIUS, 30),
    ("hours", 1, 30),
    ("hours", 6, 20),
    ("hours", 24, 10),
)
"""(what, up to, points): the first row of a kind that fits counts."""
SAME_SITE = 50
SAME_CATEGORY = 20
SAME_KIND = 10


@dataclass(frozen=True, slots=True)
class Spot:
    """What is compared of a case.

    Attributes:
        id: ULID.
        number: `YYYY-NNNNNN`.
        kind: Of the incident or report.
        category: Of the case.
        site: Id, or None.
        lat: Degrees; of the site when the case has no point of its own; None when neither has one.
        lon: Degrees.
        opened_at: UTC.
    """

    id: str
    number: str
    kind: str
    category: str
    site: str | None
    lat: float | None
    lon: float | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Near:
    """One case that is near; `metres` is None when only the site is known, `why` names what agrees."""

    id: str
    number: str
    metres: int | None
    why: tuple[str, ...]
    score: int

    def as_dict(self) -> dict[str, object]:
        """`{id, number, metres, why, score}`."""
        return {
            "id": self.id,
            "number": self.number,
            "metres": self.metres,
            "why": list(self.why),
            "score": self.score,
        }


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The way between two points along the Earth's surface (haversine), in metres."""
    half = sin(radians(other_lat - lat) / 2) ** 2
    half += cos(radians(lat)) * cos(radians(other_lat)) * sin(radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))


def box(lat: float, radius: float = RADIUS) -> tuple[float, float]:
    """(degrees of latitude, of longitude) that certainly reach `radius` metres: for a query before the exact way."""
    up = radius / 111_000  # one degree of latitude is never shorter than 110.5 km
    across = cos(radians(min(89.0, abs(lat) + up)))
    return up * 1.02, min(180.0, up * 1.02 / across)


def near(
    case: Spot, others: Iterable[Spot], *, radius: float = RADIUS, window: timedelta = WINDOW
) -> tuple[Near, ...]:
    """Those of `others` that may be about the same, the likeliest first."""
    found = [each for each in (_compare(case, other, radius, window) for other in others) if each]
    return tuple(sorted(found, key=lambda each: (-each.score, each.number)))


def _compare(case: Spot, other: Spot, radius: float, window: timedelta) -> Near | None:
    apart = abs(case.opened_at - other.opened_at)
    if other.id == case.id or apart > window:
        return None
    same_site = case.site is not None and case.site == other.site
    way = None
    if None not in (case.lat, case.lon, other.lat, other.lon):
        way = metres(float(case.lat or 0), float(case.lon or 0), float(other.lat or 0), float(other.lon or 0))
    if not same_site and (way is None or way > radius):
        return None
    category, kind = case.category == other.category, case.kind == other.kind
    if not category and not kind:
        return None
    why = [
        *(["site"] if same_site else ["distance"]),
        *(["category"] if category else ["kind"]),
        "time",
    ]
    score = SAME_CATEGORY if category else SAME_KIND
    score += SAME_SITE if same_site else _points("metres", way or 0.0)
    score += _points("hours", apart / timedelta(hours=1))
    return Near(other.id, other.number, None if way is None else round(way), tuple(why), score)


def _points(what: str, value: float) -> int:
    return next((points for word, most, points in POINTS if word == what and value <= most), 0)
