"""Watched: every camera is watched as shipped; camera-health rules say otherwise, fault by fault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
import yaml

from config.directory import directory
from config.load import parse
from config.registry import Registry
from config.watched import watched
from detectors.fault import faults
from detectors.health import Watched, shipped
from ingest.errors import InvalidRegistry

COUNTY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites:
  - {id: school, area: county, kind: canteen-school, name: 学校}
  - {id: crossing, area: county, kind: crossroad, name: 路口}
  - {id: away, area: county, kind: canteen-school, name: 放假学校, state: closed}
devices:
  - {id: kitchen, site: school, kind: camera, url: "rtsp://127.0.0.1/a"}
  - {id: store, site: school, kind: camera, url: "rtsp://127.0.0.1/b"}
  - {id: road, site: crossing, kind: camera, url: "rtsp://127.0.0.1/c"}
  - {id: empty, site: away, kind: camera, url: "rtsp://127.0.0.1/d"}
  - {id: fridge, site: school, kind: sensor}
routes: [{unit: duty-room}]
rules: %s
"""


def read(rules: str) -> Registry:
    """A county with these rules; raises InvalidRegistry."""
    return parse(COUNTY % rules, "county.yaml").resolve(Registry())


def faults_of(rules: str) -> Mapping[str, dict[str, Watched]]:
    """By camera and fault, how it is watched."""
    registry = read(rules)
    rows = watched(registry, directory(registry))
    return {device: {each.fault: each for each in found} for device, found in rows.items()}


def test_every_camera_is_watched_without_a_rule() -> None:
    """All faults, as shipped, on every camera of an open site; a sensor is none."""
    found = faults_of("[]")
    assert set(found) == {"kitchen", "store", "road"}
    for rows in found.values():
        assert rows == {word: shipped(word) for word in faults()}
    assert {"camera-frozen", "camera-covered"} <= set(directory(read("[]")).rules)


def test_a_rule_changes_the_faults_it_names_where_it_looks() -> None:
    """The rest stays as shipped; what the rule leaves out is the fault's own."""
    found = faults_of(
        "[{id: steamy, kind: camera-health, site_kinds: [canteen-school], faults: [blurred, black],"
        " quiet_at: [steam], raise_after: 10m}]"
    )
    changed = found["kitchen"]["blurred"]
    assert (changed.id, changed.quiet_at, changed.raise_after) == (
        "steamy-blurred",
        ("steam",),
        timedelta(minutes=10),
    )
    assert (changed.severity, changed.clear_after) == ("info", shipped("blurred").clear_after)
    assert found["kitchen"]["black"].quiet_at == ("steam",)
    assert found["kitchen"]["moved"] == shipped("moved")
    assert found["road"]["blurred"] == shipped("blurred")


def test_who_names_the_camera_wins_and_a_fault_can_be_left_alone() -> None:
    """`watched: false` takes a fault away; a rule about the camera itself goes before one about its place."""
    found = faults_of(
        "[{id: a-all, kind: camera-health, areas: [county], severity: major},"
        " {id: z-store, kind: camera-health, devices: [store], faults: [low-rate], watched: false}]"
    )
    assert "low-rate" not in found["store"]
    assert found["store"]["moved"].severity == found["road"]["low-rate"].severity == "major"
    known = directory(read("[{id: a-all, kind: camera-health, areas: [county]}]")).rules
    assert known["a-all-frozen"].condition == "camera-frozen"
    assert "a-all" not in known


WRONG = [
    ("faults: [frosen]", "is no fault; there are", "a fault that is not there"),
    ("condition: fire", "each fault has its own condition", "a condition"),
    ("zone_name: store", "of the whole camera", "a zone"),
    ("quiet_at: [noon]", "night", "a time nobody knows"),
]


@pytest.mark.parametrize(("key", "said", "why"), WRONG, ids=[row[2] for row in WRONG])
def test_mistakes_are_told(key: str, said: str, why: str) -> None:
    """What makes no sense is refused with its mend."""
    with pytest.raises(InvalidRegistry) as caught:
        read(f"[{{id: x, kind: camera-health, devices: [road], {key}}}]")
    told = " ".join(str(each) for each in caught.value.mistakes)
    assert said in told, why


def test_it_looks_at_cameras() -> None:
    """A sensor has no picture."""
    with pytest.raises(InvalidRegistry):
        read("[{id: x, kind: camera-health, devices: [fridge]}]")


def test_the_county_here_is_yaml() -> None:
    """The table above is what it seems."""
    assert len(yaml.safe_load(COUNTY % "[]")["devices"]) == 5
