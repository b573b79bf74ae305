"""What a sensor's own settings change: offset, kind of probe, date of calibration; and sites that open again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.directory import Directory
from config.directory import directory
from config.load import load
from config.targets import SENSORS, targets
from hub.serve.sensor_rules import SensorRules, watches
from hub.serve.sensors import bindings_of
from hub.serve.understand import nothing_newer, understand
from ingest.errors import InvalidRegistry
from ingest.mqtt.message import Message
from ingest.payload import Described

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
COUNTY = """
areas: [{id: county, level: county, name: County, timezone: Asia/Shanghai}]
units: [{id: duty, name: Duty}]
sites: [{id: k1, area: county, kind: canteen-school, name: K1, state: closed-until, until: 2026-11-23}]
devices:
  - {id: k1-core, site: k1, kind: sensor, probe: core, offsets: {temperature: -0.4}, calibration_due: 2026-12-01}
  - {id: k1-air, site: k1, kind: sensor, probe: air}
rules:
  - {id: core, kind: held, sites: [k1], probe: core, quantity: temperature, above: 69.9, starts_above: 45, at_least: 1s,
     severity: life}
  - {id: warm, kind: threshold, sites: [k1], quantity: temperature, above: 8}
  - {id: calibration-due, kind: calibration-due, sites: [k1], severity: life}
routes: [{unit: duty}]
"""
REGISTRY = load(COUNTY)


def at(day: int) -> Directory:
    """The county on a day of November, at noon in Shanghai."""
    return directory(REGISTRY, now=datetime(2026, 11, day, 4, tzinfo=UTC))


def test_an_offset_is_in_what_is_stored_and_judged() -> None:
    """Added once, at the edge, to that quantity of that device only."""
    for device, value in (("k1-core", 70.1), ("k1-air", 70.5)):
        topic = f"hub/v1/k1/{device}/telemetry"
        message = Message(topic, b'{"temperature": 70.5, "humidity": 40}', 1, False, NOW)
        said = understand(
            message,
            bindings=bindings_of(REGISTRY),
            directory=at(23),
            described=Described({}),
            newest=nothing_newer,
        )
        assert {each.quantity: each.value for each in said.readings} == {"temperature": value, "humidity": 40}


def test_a_rule_for_the_core_of_the_food_does_not_look_at_the_air() -> None:
    """By the sensors' own word."""
    rules = {each.id: each for each in REGISTRY.rules}
    assert [each.id for each in targets(rules["core"], at(23), SENSORS)] == ["k1-core"]
    assert [each.id for each in targets(rules["warm"], at(23), SENSORS)] == ["k1-air", "k1-core"]


def test_a_closed_site_keeps_life_safety_and_opens_on_its_day() -> None:
    """On the clock of its area: the day begins at 16:00 UTC of the day before."""
    found = {each.source.rule for each in watches(REGISTRY.rules, at(22))}
    assert found == {"core", "calibration-due"}
    assert at(22).sites["k1"].state == "closed-until"
    evening = directory(REGISTRY, now=datetime(2026, 11, 22, 16, tzinfo=UTC))
    assert evening.sites["k1"].state == "open"
    assert {each.source.rule for each in watches(REGISTRY.rules, evening)} == {
        "core",
        "warm",
        "calibration-due",
    }


def test_calibration_is_told_two_weeks_before() -> None:
    """Of the sensor that has a date; overdue it says so."""
    made = SensorRules(epoch=1, new_id=lambda: "x")
    made.configure(
        watches([each for each in REGISTRY.rules if each.kind == "calibration-due"], at(23)), {}, NOW
    )
    first = made.signals(datetime(2026, 11, 16, 15, 59, tzinfo=UTC))
    assert [each.state for each in first] == ["inactive"]
    told = made.signals(datetime(2026, 11, 16, 16, tzinfo=UTC))
    assert [(each.device, each.state, each.value) for each in told] == [("k1-core", "active", 14.0)]
    assert "校准应于 2026-12-01 完成" in told[0].explanation.zh
    late = made.signals(NOW + timedelta(days=20))
    assert "校准已过期（应于 2026-12-01）" in late[0].explanation.zh


def test_mistakes_are_told() -> None:
    """An offset of a word that is no number, and a probe that a camera has not."""
    wrong = COUNTY.replace("{temperature: -0.4}", "{door: 1}").replace(
        "kind: threshold,", "kind: presence, classes: [person], probe: air,"
    ).replace(", quantity: temperature, above: 8}", "}")  # fmt: skip
    with pytest.raises(InvalidRegistry) as caught:
        load(wrong)
    said = " ".join(str(each) for each in caught.value.mistakes)
    assert "'door' is no quantity with a number" in said
    assert "a camera has no probe" in said
