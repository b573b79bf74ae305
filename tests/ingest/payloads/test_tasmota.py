"""tasmota (tasmota.github.io/docs: "MQTT", "DS18x20")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import NOTHING, Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

EXAMPLE = '{"Time":"2017-02-16T10:13:52", "DS18B20":{"Temperature":20.6}}'


def test_the_documented_example(say: Say) -> None:
    """MQTT: telemetry; the time is local and has no zone: the county's is meant."""
    [found] = say("tasmota", "tele/tasmota/SENSOR", EXAMPLE).observations
    assert (found.name, found.field, found.value) == ("tasmota", "DS18B20.Temperature", 20.6)
    assert found.at == datetime(2017, 2, 16, 2, 13, 52, tzinfo=UTC)
    [reading] = interpret([found], "x", received_at=say.now).readings
    assert (reading.quantity, reading.value, reading.quality) == ("temperature", 20.6, "backfilled")


def test_temp_unit_counts(say: Say) -> None:
    """DS18x20 shows `TempUnit` beside the sensor; SetOption8 makes it Fahrenheit."""
    decoded = say(
        "tasmota",
        "tele/x/SENSOR",
        '{"Time":"2026-11-22T15:59:58","Switch1":"ON","DS18B20":{"Temperature":46.4},"TempUnit":"F"}',
    )
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert [(each.quantity, each.value, each.unit) for each in read.readings] == [("temperature", 8.0, "°C")]


def test_the_chips_own_temperature_is_not_the_places(say: Say) -> None:
    """An ESP32 reports its inside as ESP32.Temperature; the AM2301 beside it is the room."""
    decoded = say(
        "tasmota",
        "tele/x/SENSOR",
        {
            "Time": "2026-11-22T15:59:58",
            "ESP32": {"Temperature": 53.3},
            "AM2301": {"Temperature": 21.5, "Humidity": 40.1, "DewPoint": 7.4},
        },
    )
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {"temperature": 21.5, "humidity": 40.1}
    assert not read.refused


def test_two_probes_are_not_guessed(say: Say) -> None:
    """DS18B20-1 and DS18B20-2 differ: neither is stored as "the" temperature."""
    decoded = say(
        "tasmota", "tele/x/SENSOR", {"DS18B20-1": {"Temperature": 4}, "DS18B20-2": {"Temperature": -18}}
    )
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert read.readings == ()
    assert [wrong.reason for wrong in read.refused] == ["ambiguous-quantity"]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("tele/kitchen/SENSOR", "default FullTopic %prefix%/%topic%/"),
        ("kitchen/tele/SENSOR", "FullTopic %topic%/%prefix%/"),
    ],
)
def test_full_topic_in_either_order(say: Say, topic: str, reason: str) -> None:
    """MQTT Topic Definition: the order is the user's."""
    [found] = say("tasmota", topic, EXAMPLE).observations
    assert found.name == "kitchen", reason


@pytest.mark.parametrize(
    ("topic", "payload", "field", "value"),
    [
        ("stat/tasmota/POWER", "ON", "relay", True),
        ("stat/tasmota/POWER2", "OFF", "relay2", False),
        ("tele/tasmota/STATE", '{"Time":"2017-02-16T10:13:52","Uptime":"0T","POWER1":"ON"}', "relay1", True),
    ],
)
def test_power_is_a_switch_and_never_watts(
    say: Say, topic: str, payload: str, field: str, value: bool
) -> None:
    """stat/tasmota/POWER ON is plain text; it must not become a reading of power in watts."""
    decoded = say("tasmota", topic, payload)
    assert say.values(decoded) == {field: value}
    assert interpret(decoded.observations, "x", received_at=say.now).readings == ()


def test_energy_is_watts(say: Say) -> None:
    """A metering plug's ENERGY.Power."""
    decoded = say("tasmota", "tele/x/SENSOR", {"ENERGY": {"Total": 1.5, "Power": 120, "Voltage": 230}})
    [reading] = interpret(decoded.observations, "x", received_at=say.now).readings
    assert (reading.quantity, reading.value, reading.unit) == ("power", 120.0, "W")


@pytest.mark.parametrize(("payload", "online"), [("Online", True), ("Offline", False)])
def test_last_will(say: Say, payload: str, online: bool) -> None:
    """LWT is plain text."""
    assert say("tasmota", "tele/tasmota/LWT", payload).statuses == (Status("tasmota", online),)


@pytest.mark.parametrize(
    "topic", ["tele/x/INFO1", "stat/x/RESULT", "stat/x/STATUS8", "tele/x/POWER_LOW", "tele/x/other"]
)
def test_other_messages_say_nothing(say: Say, topic: str) -> None:
    """They match the subscription and are no readings."""
    assert say("tasmota", topic, '{"a":1}') == NOTHING


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("stat/x/POWER", "MAYBE", "wrong-status"),
        ("tele/x/LWT", "", "wrong-status"),
        ("tele/x/SENSOR", '{"Time":"soon"}', "bad-time"),
        ("tele/x/SENSOR", '{"Time":"2026-11-22T10:00:00","DS18B20":{"Temperature":nan}}', "not-json"),
    ],
)
def test_wrong_payloads(say: Say, topic: str, payload: str, reason: str) -> None:
    """`nan` is what some builds print for a missing probe: no JSON, no reading."""
    with pytest.raises(MalformedPayload) as wrong:
        say("tasmota", topic, payload)
    assert wrong.value.reason == reason


@pytest.mark.parametrize("registered", ["tele/kitchen/SENSOR", "tele/kitchen", "kitchen", "tele/kitchen/LWT"])
def test_any_of_its_topics_binds_the_device(registered: str) -> None:
    """Readings, state and last will reach the same registry device."""
    bindings = Bindings([Binding("fridge", "school-1", "tasmota", topic=registered)])
    for topic in ("tele/kitchen/SENSOR", "tele/kitchen/LWT", "stat/kitchen/POWER1"):
        assert bindings.resolve("tasmota", topic, "kitchen") == "fridge"
    assert bindings.resolve("tasmota", "tele/store/SENSOR", "store") is None
