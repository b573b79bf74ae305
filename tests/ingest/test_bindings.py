"""Bindings: which registry device a message speaks of; never another one."""

from __future__ import annotations

import pytest

from ingest.bindings import Binding, Bindings

BINDINGS = Bindings(
    [
        Binding("fridge", "school-1", "native"),
        Binding("cabinet", "school-1", "native", topic="hub/v1/elsewhere/cab/telemetry"),
        Binding("z-fridge", "school-1", "zigbee2mqtt", topic="zigbee2mqtt/school-1/fridge"),
        Binding("z-other", "school-2", "zigbee2mqtt", topic="z2m-east/school-1/fridge"),
        Binding("tb-a", "school-1", "thingsboard-gateway", external_id="Device A"),
        Binding("tb-b1", "school-1", "thingsboard-gateway", topic="v1/gateway/telemetry", external_id="B"),
        Binding(
            "tb-b2", "school-2", "thingsboard-gateway", topic="east/v1/gateway/telemetry", external_id="B"
        ),
        Binding("any", "school-1", "thingsboard", topic="plants/+/up"),
    ]
)


@pytest.mark.parametrize(
    ("convention", "topic", "name", "device", "reason"),
    [
        ("native", "hub/v1/school-1/fridge/telemetry", "school-1/fridge", "fridge", "by site and id"),
        ("native", "hub/v1/school-1/fridge/status", "school-1/fridge", "fridge", "its status too"),
        (
            "native",
            "hub/v1/school-2/fridge/telemetry",
            "school-2/fridge",
            None,
            "the same id at another site",
        ),
        ("native", "hub/v1/elsewhere/cab/status", "elsewhere/cab", "cabinet", "by its own topic"),
        ("zigbee2mqtt", "zigbee2mqtt/school-1/fridge", "school-1/fridge", "z-fridge", "by topic"),
        (
            "zigbee2mqtt",
            "zigbee2mqtt/school-1/fridge/availability",
            "school-1/fridge",
            "z-fridge",
            "availability",
        ),
        (
            "zigbee2mqtt",
            "z2m-east/school-1/fridge",
            "school-1/fridge",
            "z-other",
            "another base, the same name",
        ),
        ("zigbee2mqtt", "zigbee2mqtt/school-1", "school-1", None, "a part of a name is no name"),
        ("thingsboard-gateway", "v1/gateway/telemetry", "Device A", "tb-a", "by name on any topic"),
        ("thingsboard-gateway", "v1/gateway/telemetry", "B", "tb-b1", "by name and topic"),
        ("thingsboard-gateway", "east/v1/gateway/telemetry", "B", "tb-b2", "the same name, another gateway"),
        ("thingsboard-gateway", "v1/gateway/telemetry", "C", None, "unknown"),
        ("thingsboard", "plants/7/up", "x", "any", "by a filter"),
        ("thingsboard", "plants/7/down", "x", None, "not by another"),
        ("tasmota", "zigbee2mqtt/school-1/fridge", "x", None, "another convention"),
    ],
)
def test_resolve(convention: str, topic: str, name: str, device: str | None, reason: str) -> None:
    """A row per way to be found, and per way not to be."""
    assert BINDINGS.resolve(convention, topic, name) == device, reason


def test_conventions_of_a_topic() -> None:
    """A registered topic says itself what it carries, also outside the convention's own filters."""
    assert BINDINGS.conventions("z2m-east/school-1/fridge") == ("zigbee2mqtt",)
    assert BINDINGS.conventions("plants/7/up") == ("thingsboard",)
    assert BINDINGS.conventions("nothing/here") == ()


def test_filters() -> None:
    """What to subscribe to for the registry: status topics come along."""
    found = BINDINGS.filters()
    assert "z2m-east/school-1/fridge" in found
    assert "z2m-east/school-1/fridge/availability" in found
    assert "plants/+/up" in found
    assert len(found) == len(set(found))
