"""chirpstack (chirpstack.io documentation, "Event types"; integration.proto)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.interpret import interpret

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

APPLICATION = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event"
INFO = {
    "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
    "tenantName": "ChirpStack",
    "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
    "applicationName": "Test application",
    "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
    "deviceProfileName": "Test device-profile",
    "deviceName": "Test device",
    "devEui": "0101010101010101",
    "tags": {"key": "value"},
}
UP = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2022-07-18T09:34:15.775023242+00:00",
    "deviceInfo": INFO,
    "devAddr": "00189440",
    "dr": 1,
    "fPort": 1,
    "data": "qg==",
}
STATUS = {
    "deduplicationId": "bf2a9746-1c8b-49be-a92e-f0b89c8534e4",
    "time": "2022-07-18T09:35:06.927172638+00:00",
    "deviceInfo": INFO,
    "margin": 10,
    "batteryLevel": 88.3,
}


def test_without_a_codec_there_is_no_object(say: Say) -> None:
    """The documented `up` carries only `data`: heard, nothing measured, and the reason is said."""
    decoded = say("chirpstack", f"{APPLICATION}/up", UP)
    assert decoded.observations == ()
    assert decoded.hint == "no-codec"
    [status] = decoded.statuses
    assert (status.name, status.online) == ("0101010101010101", True)
    assert status.at == datetime(2022, 7, 18, 9, 34, 15, 775_023, tzinfo=UTC), "nanoseconds are cut"


def test_object_carries_the_values(say: Say) -> None:
    """`object` is what the device profile's codec returns; the deduplication id makes the message unique."""
    decoded = say(
        "chirpstack", f"{APPLICATION}/up", {**UP, "object": {"temperature": 4.2, "probe": {"humidity": 0}}}
    )
    assert say.values(decoded) == {"temperature": 4.2, "probe.humidity": 0.0}
    assert {each.message_id for each in decoded.observations} == {"3ac7e3c4-4401-4b8d-9386-a5c902f9202d"}


@pytest.mark.parametrize(
    ("change", "readings", "reason"),
    [
        ({}, {"battery": 88.3}, "the documented example"),
        ({"batteryLevel": None}, {}, "null is no level"),
        ({"batteryLevel": ...}, {"battery": 0.0}, "Protobuf leaves zero out: an empty battery"),
        ({"batteryLevel": ..., "batteryLevelUnavailable": True}, {}, "the device says that it does not know"),
        ({"batteryLevel": ..., "externalPowerSource": True}, {"mains": 1.0}, "on mains"),
    ],
)
def test_status_and_omitted_zeros(
    say: Say, change: dict[str, object], readings: dict[str, float], reason: str
) -> None:
    """A missing `batteryLevel` is not "unknown"."""
    body = {key: value for key, value in {**STATUS, **change}.items() if value is not ...}
    decoded = say("chirpstack", f"{APPLICATION}/status", body)
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == readings, reason


@pytest.mark.parametrize("event", ["join", "ack", "txack", "log", "location", "integration"])
def test_other_events_are_no_readings(say: Say, event: str) -> None:
    """They match the subscription."""
    decoded = say("chirpstack", f"{APPLICATION}/{event}", {"time": STATUS["time"], "deviceInfo": INFO})
    assert decoded.observations == ()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"deviceInfo": {}},
        {"deviceInfo": {"devEui": "0202020202020202"}},
        {"deviceInfo": INFO, "time": "never"},
        {"deviceInfo": INFO, "object": [1]},
    ],
)
def test_wrong_shapes(say: Say, body: object) -> None:
    """Also a devEui that is not the topic's: the broker's access rules know only the topic."""
    with pytest.raises(MalformedPayload):
        say("chirpstack", f"{APPLICATION}/up", body)


def test_bound_by_dev_eui_or_by_topic() -> None:
    """A devEui in any case of letters."""
    topic = "application/1/device/0a0b0c0d0e0f1011/event/up"
    by_name = Bindings([Binding("d", "s", "chirpstack", external_id="0a0b0c0d0e0f1011")])
    by_topic = Bindings(
        [Binding("d", "s", "chirpstack", topic="application/1/device/0A0B0C0D0E0F1011/event/up")]
    )
    for bindings in (by_name, by_topic):
        assert bindings.resolve("chirpstack", topic, "0a0b0c0d0e0f1011") == "d"
