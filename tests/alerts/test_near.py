"""Near: place, subject and time decide together; the table has a reason per row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.near import Spot, box, metres, near
from tests.alerts.county import NOW

HERE = Spot("a", "2026-000001", "litter", "rubbish", None, 35.76, 116.80, NOW)
NORTH = 1 / 111_195.0
"""Degrees of latitude of one metre (mean radius)."""

WAYS = [
    ("the same point", (35.0, 116.0, 35.0, 116.0), 0.0),
    ("a degree of latitude", (0.0, 0.0, 1.0, 0.0), 111_195.1),
    ("a degree of longitude at 60° is half of one at the equator", (60.0, 0.0, 60.0, 1.0), 55_597.5),
    ("over the date line the short way", (0.0, 179.5, 0.0, -179.5), 111_195.1),
    ("to the other side of the Earth", (0.0, 0.0, 0.0, 180.0), 20_015_118.0),
    ("Beijing to Shanghai", (39.9042, 116.4074, 31.2304, 121.4737), 1_067_000.0),
]


@pytest.mark.parametrize(("why", "points", "way"), WAYS, ids=[row[0] for row in WAYS])
def test_the_way_along_the_earth(why: str, points: tuple[float, float, float, float], way: float) -> None:
    """Haversine against known ways, within a thousandth."""
    assert metres(*points) == pytest.approx(way, rel=1e-3, abs=0.01), why


CASES: list[tuple[str, Spot, tuple[str, ...] | None]] = [
    ("the very place, subject and minute", HERE, ("distance", "category", "time")),
    ("49 m away", replace(HERE, lat=35.76 + 49 * NORTH), ("distance", "category", "time")),
    ("51 m away is another place", replace(HERE, lat=35.76 + 51 * NORTH), None),
    ("the category agrees, the kind does not", replace(HERE, kind="x"), ("distance", "category", "time")),
    ("the kind agrees, the category does not", replace(HERE, category="x"), ("distance", "kind", "time")),
    ("another subject at the same place", replace(HERE, kind="x", category="y"), None),
    ("a day ago", replace(HERE, opened_at=NOW - timedelta(hours=24)), ("distance", "category", "time")),
    ("a second more than a day ago", replace(HERE, opened_at=NOW - timedelta(hours=24, seconds=1)), None),
    ("without a point, without a site", replace(HERE, lat=None, lon=None), None),
]


@pytest.mark.parametrize(("why", "other", "agrees"), CASES, ids=[row[0] for row in CASES])
def test_what_is_near(why: str, other: Spot, agrees: tuple[str, ...] | None) -> None:
    """All three must agree; what agrees is said."""
    found = near(HERE, [replace(other, id="b", number="2026-000002")])
    assert [each.why for each in found] == ([] if agrees is None else [agrees]), why


def test_one_site_needs_no_point() -> None:
    """Two cases of one site are near whatever their points say; metres are told where they are known."""
    site = replace(HERE, site="school", lat=None, lon=None)
    [found] = near(site, [replace(site, id="b")])
    assert (found.metres, found.why) == (None, ("site", "category", "time"))
    [apart] = near(replace(HERE, site="school"), [replace(HERE, id="b", site="school", lat=35.77)])
    assert apart.metres == pytest.approx(1112, abs=2)


def test_a_case_is_not_near_itself_and_the_likeliest_comes_first() -> None:
    """Nearer and sooner goes before farther and later."""
    far = replace(HERE, id="far", number="2026-000002", lat=35.76 + 40 * NORTH)
    old = replace(HERE, id="old", number="2026-000003", opened_at=NOW - timedelta(hours=20))
    close = replace(HERE, id="close", number="2026-000004", lat=35.76 + 5 * NORTH)
    assert [each.id for each in near(HERE, [HERE, old, far, close])] == ["close", "far", "old"]


@pytest.mark.parametrize("lat", [0.0, 35.76, 60.0, 85.0, -45.0])
def test_the_box_holds_the_circle(lat: float) -> None:
    """Whatever is within 50 m lies in the box that the query asks for."""
    up, across = box(lat)
    assert metres(lat, 10.0, lat + up, 10.0) > 50
    assert metres(lat, 10.0, lat, 10.0 + across) > 50
