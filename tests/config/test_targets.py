"""Which devices a rule watches, as a table."""

from __future__ import annotations

import pytest

from alerts.directory import Area, DeviceEntry, Directory, Site
from config.targets import CAMERAS, SENSORS, place_of, targets
from detectors.rule import RuleParams
from ingest.text import Text

NAME = Text("名", "name")
COUNTY = Directory(
    areas={
        "county": Area("county", "county", NAME),
        "east": Area("east", "town", NAME, parent="county"),
        "west": Area("west", "town", NAME, parent="county"),
    },
    sites={
        "k1": Site("k1", "east", "canteen-school", NAME),
        "k2": Site("k2", "west", "canteen-school", NAME),
        "x1": Site("x1", "east", "crossroad", NAME),
        "closed": Site("closed", "east", "canteen-school", NAME, state="closed-until 2027-02-20"),
    },
    devices={
        "k1-cam": DeviceEntry("k1-cam", "camera", "k1", NAME),
        "k1-gas": DeviceEntry("k1-gas", "sensor", "k1", NAME),
        "k2-gas": DeviceEntry("k2-gas", "sensor", "k2", NAME),
        "x1-cam": DeviceEntry("x1-cam", "camera", "x1", NAME),
        "closed-gas": DeviceEntry("closed-gas", "sensor", "closed", NAME),
    },
)

ROWS: list[tuple[str, dict[str, object], frozenset[str], list[str]]] = [
    ("a device by name", {"devices": ["k1-gas"]}, SENSORS, ["k1-gas"]),
    ("a device of another kind is not watched", {"devices": ["k1-cam"]}, SENSORS, []),
    ("a site", {"sites": ["k1"]}, SENSORS, ["k1-gas"]),
    ("a kind of site, closed ones left out", {"site_kinds": ["canteen-school"]}, SENSORS, ["k1-gas", "k2-gas"]),
    ("life safety stays on in a closed site", {"site_kinds": ["canteen-school"], "severity": "life"}, SENSORS,
     ["closed-gas", "k1-gas", "k2-gas"]),
    ("an area with what is below it", {"areas": ["county"]}, CAMERAS, ["k1-cam", "x1-cam"]),
    ("places narrow each other", {"areas": ["east"], "site_kinds": ["crossroad"]}, CAMERAS, ["x1-cam"]),
    ("a name adds to a place", {"areas": ["west"], "devices": ["k1-gas"]}, SENSORS, ["k1-gas", "k2-gas"]),
    ("nothing named, nothing watched", {}, SENSORS, []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "rule", "kinds", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_targets(why: str, rule: dict[str, object], kinds: frozenset[str], expected: list[str]) -> None:
    """A rule watches what it names, and nothing else."""
    params = RuleParams.model_validate({"id": "r", "kind": "threshold", **rule})
    assert [each.id for each in targets(params, COUNTY, kinds)] == expected, why


def test_place() -> None:
    """A rule with a zone speaks of the zone, without one of the site."""
    device = COUNTY.devices["k1-cam"]
    assert place_of(RuleParams(id="r", kind="presence"), device) == "k1"
    assert place_of(RuleParams(id="r", kind="presence", zone_name="store"), device) == "k1/store"
