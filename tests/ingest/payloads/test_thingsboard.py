"""thingsboard and thingsboard-gateway (thingsboard.io: "MQTT Device API: Telemetry", "MQTT Gateway API")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

DEVICE = "v1/devices/me/telemetry"
GATEWAY = "v1/gateway/telemetry"


def test_with_the_devices_time(say: Say) -> None:
    """The documented `{"ts":1451649600512,"values":{…}}`: milliseconds, "Fri, 01 Jan 2016 12:00:00.512 GMT"."""
    decoded = say(
        "thingsboard", DEVICE, '{"ts": 1451649600512, "values": {"temperature": 22.5, "humidity": 61}}'
    )
    assert say.values(decoded) == {"temperature": 22.5, "humidity": 61.0}
    assert {each.at for each in decoded.observations} == {datetime(2016, 1, 1, 12, 0, 0, 512_000, tzinfo=UTC)}


def test_flat_has_the_arrivals_time(say: Say) -> None:
    """The documented simple form."""
    decoded = say("thingsboard", DEVICE, '{"temperature": 22.5, "humidity": 61}')
    assert {each.at for each in decoded.observations} == {None}


def test_an_array_of_hours_is_history(say: Say) -> None:
    """Buffered values keep their own times and are `backfilled`; the fresh end of the array is `good`."""
    hour, now = 3_600_000, int(say.now.timestamp() * 1000)
    body = [{"ts": now - n * hour, "values": {"temperature": n}} for n in range(4)]
    read = interpret(say("thingsboard", DEVICE, body).observations, "x", received_at=say.now)
    assert [each.value for each in read.readings] == [3.0, 2.0, 1.0, 0.0]
    assert [each.quality for each in read.readings] == ["backfilled"] * 3 + ["good"]


@pytest.mark.parametrize(
    "values", [{"a": "text"}, {"a": [1, 2]}, {"a": {"nested": {"key": "value"}}}, {"a": None}]
)
def test_other_value_types_are_no_readings(say: Say, values: object) -> None:
    """Supported Value Types: texts, objects and arrays are allowed and mean no quantity."""
    decoded = say("thingsboard", DEVICE, {"ts": 1_451_649_600_512, "values": values})
    assert interpret(decoded.observations, "x", received_at=say.now).readings == ()


def test_me_is_one_device_per_topic(say: Say) -> None:
    """On one broker all say `me`: the topic binds; a bridge may put the device before it."""
    [found] = say("thingsboard", f"fridge-7/{DEVICE}", {"temperature": 1}).observations
    assert found.name == "fridge-7"
    bindings = Bindings(
        [
            Binding("a", "s", "thingsboard", topic=DEVICE),
            Binding("b", "s", "thingsboard", topic=f"fridge-7/{DEVICE}"),
        ]
    )
    assert bindings.resolve("thingsboard", DEVICE, "me") == "a"
    assert bindings.resolve("thingsboard", f"fridge-7/{DEVICE}", "fridge-7") == "b"


def test_many_devices_in_one_message(say: Say) -> None:
    """MQTT Gateway API, telemetry: names with blanks, several entries each."""
    body = {
        "Device A": [
            {"ts": 1483228800000, "values": {"temperature": 42, "humidity": 80}},
            {"ts": 1483228801000, "values": {"temperature": 43, "humidity": 82}},
        ],
        "Device B": [{"ts": 1483228800000, "values": {"temperature": 42, "humidity": 80}}],
    }
    decoded = say("thingsboard-gateway", GATEWAY, body)
    assert [each.name for each in decoded.observations] == ["Device A"] * 4 + ["Device B"] * 2
    bindings = Bindings(
        [
            Binding("a", "s", "thingsboard-gateway", topic=GATEWAY, external_id="Device A"),
            Binding("gateway", "s", "thingsboard-gateway", topic=GATEWAY),
        ]
    )
    assert bindings.resolve("thingsboard-gateway", GATEWAY, "Device A") == "a"
    assert bindings.resolve("thingsboard-gateway", GATEWAY, "Device B") is None, (
        "never poured into another device"
    )


@pytest.mark.parametrize(("last", "online"), [("connect", True), ("disconnect", False)])
def test_coming_and_going(say: Say, last: str, online: bool) -> None:
    """`{"device":"Device A"}`; `type` is optional."""
    decoded = say("thingsboard-gateway", f"v1/gateway/{last}", '{"device": "Device A", "type": "Sensor A"}')
    assert decoded.statuses == (Status("Device A", online),)


@pytest.mark.parametrize(
    ("convention", "topic", "payload"),
    [
        ("thingsboard", DEVICE, '"text"'),
        ("thingsboard", DEVICE, "[[1]]"),
        ("thingsboard", DEVICE, '{"ts":true,"values":{}}'),
        ("thingsboard-gateway", GATEWAY, "[]"),
        ("thingsboard-gateway", GATEWAY, '{"Device A": 5}'),
        ("thingsboard-gateway", GATEWAY, '{"": [{"temperature":1}]}'),
        ("thingsboard-gateway", "v1/gateway/connect", "{}"),
    ],
)
def test_wrong_shapes(say: Say, convention: str, topic: str, payload: str) -> None:
    """Refused as a whole, with a reason."""
    with pytest.raises(MalformedPayload):
        say(convention, topic, payload)
