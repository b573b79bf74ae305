"""zigbee2mqtt (zigbee2mqtt.io: "MQTT Topics and Messages", "Device-Availability", device pages)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import NOTHING, Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say


def test_numbers_as_texts(say: Say) -> None:
    """A water-leak sensor as it is logged by Zigbee2MQTT: `"battery": "100.00"` is 100 %, not a text."""
    decoded = say(
        "zigbee2mqtt",
        "zigbee2mqtt/kitchen/leak",
        '{"battery":"100.00","voltage":3045,"linkquality":99,"water_leak":false}',
    )
    read = interpret(decoded.observations, "leak", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {"battery": 100.0, "water_leak": 0.0}
    assert read.extras == ("voltage", "linkquality")
    assert read.refused == ()


@pytest.mark.parametrize(
    ("body", "readings", "source"),
    [
        ({"temperature": 27.34, "humidity": 44.72}, {"temperature": 27.34, "humidity": 44.72}, "WSDCGQ01LM"),
        ({"action": "single"}, {"button": 1.0}, "WXKG01LM"),
        ({"action": ""}, {}, "the empty action that ends an action in older versions"),
        ({"occupancy": True}, {"motion": 1.0}, "RTCGQ01LM"),
        ({"state": "ON", "brightness": 215, "color_temp": 325}, {}, "LED1545G12: a lamp measures nothing"),
        ({"contact": True}, {"door": 0.0}, "MCCGQ01LM: contact true means that the door is closed"),
        ({"contact": False}, {"door": 1.0}, "MCCGQ01LM: contact false means that the door is open"),
        ({"gas": True}, {"gas_alarm": 1.0}, "JTQJ-BF-01LM/BW: a gas detector without a number"),
        ({"gas_value": 7}, {"gas": 7.0}, "a gas detector with a number"),
        (
            {"smoke": True, "battery_low": False, "tamper": False},
            {"smoke": 1.0, "tamper": 0.0},
            "JTYJ-GD-01LM/BW",
        ),
        ({"carbon_monoxide": True, "co": 65}, {"co_alarm": 1.0, "co": 65.0}, "TS0601_co_sensor"),
        ({"temperature": None, "humidity": 40}, {"humidity": 40.0}, "null: the device has no value yet"),
        ({"update": {"state": "idle", "installed_version": 1}}, {}, "OTA state is no reading"),
    ],
)
def test_what_devices_publish(say: Say, body: object, readings: dict[str, float], source: str) -> None:
    """The examples of the documentation and of the named device's page."""
    decoded = say("zigbee2mqtt", "zigbee2mqtt/x", body)
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == readings, source


def test_a_friendly_name_may_contain_slashes(say: Say) -> None:
    """`kitchen/floor_light` is one device ("MQTT Topics and Messages", tip)."""
    [found] = say("zigbee2mqtt", "zigbee2mqtt/kitchen/floor/probe", {"temperature": 4}).observations
    assert found.name == "kitchen/floor/probe"


@pytest.mark.parametrize(
    ("payload", "online"),
    [("online", True), ("offline", False), ('{"state":"online"}', True), ('{"state":"offline"}', False)],
)
def test_availability_old_and_new(say: Say, payload: str, online: bool) -> None:
    """Plain text until 1.x with legacy payload, an object since ("Device-Availability")."""
    decoded = say("zigbee2mqtt", "zigbee2mqtt/kitchen/leak/availability", payload)
    assert decoded.statuses == (Status("kitchen/leak", online),)


@pytest.mark.parametrize("payload", ["", "maybe", '{"state":"maybe"}', "[]", '{"state":1}'])
def test_another_availability_is_refused(say: Say, payload: str) -> None:
    """Not guessed."""
    with pytest.raises(MalformedPayload):
        say("zigbee2mqtt", "zigbee2mqtt/x/availability", payload)


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt",
        "zigbee2mqtt/bridge/state",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/request/permit_join",
        "zigbee2mqtt/lamp/set",
        "zigbee2mqtt/lamp/get",
        "zigbee2mqtt/lamp/set/state",
    ],
)
def test_bridge_and_commands_say_nothing_about_a_place(say: Say, topic: str) -> None:
    """They match the subscription, and are neither readings nor errors, whatever they carry."""
    assert say("zigbee2mqtt", topic, b"\xff") == NOTHING


def test_last_seen_dates_a_retained_value(say: Say) -> None:
    """With `advanced.last_seen` set the message carries its own time (ISO_8601 or epoch)."""
    for seen in ("2026-11-22T06:00:00.000Z", "2026-11-22T14:00:00+08:00", 1_795_327_200_000):
        [found] = say("zigbee2mqtt", "zigbee2mqtt/x", {"last_seen": seen, "temperature": 4}).observations
        assert found.at == datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
