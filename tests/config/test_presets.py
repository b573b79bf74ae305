"""Presets: a movable camera in the registry; its ONVIF password is a secret like any other."""

from __future__ import annotations

import pytest

from config.hidden import keeps_place
from config.load import parse
from config.nouns.device import Camera
from config.registry import Registry
from ingest.errors import InvalidRegistry

COUNTY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: crossing, area: county, kind: crossroad, name: 路口}]
devices: [{id: dome, site: crossing, kind: camera, url: "rtsp://10.0.0.5/a", user: hub, password: one, %s}]
routes: [{unit: duty-room}]
rules: [{id: people, kind: presence, devices: [dome], classes: [person], %s}]
"""
ONVIF = 'onvif: {url: "http://10.0.0.5/onvif", user: driver, password: two}'
PRESETS = "presets: [gate, {id: road, token: '2', name: 公路}], home_preset: gate"


def read(camera: str, rule: str = "severity: minor") -> Camera:
    """The camera of a county; raises InvalidRegistry."""
    (device,) = parse(COUNTY % (camera, rule), "county.yaml").resolve(Registry()).devices
    assert isinstance(device, Camera)
    return device


def test_a_movable_camera() -> None:
    """Presets are ids, or ids with what the camera calls them; the password is kept apart and hidden."""
    camera = read(f"{ONVIF}, {PRESETS}", "preset: road")
    assert [(each.id, each.token) for each in camera.presets] == [("gate", None), ("road", "2")]
    assert camera.onvif is not None
    assert (camera.onvif.user, camera.onvif_password) == ("driver", "two")
    assert "onvif_password" in camera.secret_keys()
    body = camera.model_dump(mode="json", exclude_defaults=True)
    assert Camera.model_validate(body) == camera  # what is stored reads back the same


def test_a_stored_password_never_follows_to_another_host() -> None:
    """Neither when the stream moves, nor when ONVIF does."""
    camera = read(f"{ONVIF}, {PRESETS}")
    elsewhere = read(f"{ONVIF.replace('10.0.0.5', '192.0.2.1')}, {PRESETS}")
    assert keeps_place(camera, camera)
    assert not keeps_place(elsewhere, camera)


WRONG = [
    (PRESETS, "severity: minor", "give `onvif: {url}`", "presets without ONVIF"),
    (f"{ONVIF}, presets: [gate]", "severity: minor", "give `home_preset`", "no home"),
    (
        f"{ONVIF}, presets: [gate, gate], home_preset: gate",
        "severity: minor",
        "there twice",
        "one preset twice",
    ),
    (
        f"{ONVIF}, presets: [gate], home_preset: moon",
        "severity: minor",
        "is none of the presets",
        "a home elsewhere",
    ),
    (f"{ONVIF}, {PRESETS}", "preset: moon", "has no preset 'moon'", "a rule of a preset that is not there"),
    ('onvif: {url: "ftp://10.0.0.5/"}', "severity: minor", "write http://host", "another protocol"),
]


@pytest.mark.parametrize(("camera", "rule", "said", "why"), WRONG, ids=[row[3] for row in WRONG])
def test_mistakes(camera: str, rule: str, said: str, why: str) -> None:
    """Each is told with its mend."""
    with pytest.raises(InvalidRegistry) as caught:
        read(camera, rule)
    assert said in " ".join(str(each) for each in caught.value.mistakes), why
