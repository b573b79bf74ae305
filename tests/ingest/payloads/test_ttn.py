"""ttn (thethingsindustries.com: "MQTT Server", "Data Formats")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.payload import NOTHING

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

TOPIC = "v3/app1@tenant1/devices/dev1/up"
UP = {
    "end_device_ids": {
        "device_id": "dev1",
        "application_ids": {"application_id": "app1"},
        "dev_eui": "0004A30B001C0530",
    },
    "received_at": "2020-02-12T15:15:45.787Z",
    "uplink_message": {
        "session_key_id": "AXBSH1Pk6Z0G166",
        "f_port": 15,
        "f_cnt": 11,
        "frm_payload": "VGVtcGVyYXR1cmUgPSAwLjA=",
        "decoded_payload": {"temperature": 1.0, "humidity": 0},
        "received_at": "2020-02-12T15:15:45.123456789Z",
    },
}


def test_uplink(say: Say) -> None:
    """Data Formats, uplink message: decoded_payload; the network server's time; session and counter."""
    decoded = say("ttn", TOPIC, UP)
    assert say.values(decoded) == {"temperature": 1.0, "humidity": 0.0}
    assert {(each.name, each.message_id) for each in decoded.observations} == {
        ("app1@tenant1/dev1", "AXBSH1Pk6Z0G166:11")
    }
    assert {each.at for each in decoded.observations} == {
        datetime(2020, 2, 12, 15, 15, 45, 123_456, tzinfo=UTC)
    }


def test_zero_fields_are_omitted(say: Say) -> None:
    """Empty fields are omitted: the first frame has no f_cnt."""
    uplink = {key: value for key, value in UP["uplink_message"].items() if key != "f_cnt"}  # type: ignore[attr-defined] # a literal
    decoded = say("ttn", TOPIC, {**UP, "uplink_message": uplink})
    assert {each.message_id for each in decoded.observations} == {"AXBSH1Pk6Z0G166:0"}


def test_without_a_formatter(say: Say) -> None:
    """Only frm_payload: heard, nothing measured, and the reason is said."""
    decoded = say("ttn", TOPIC, {**UP, "uplink_message": {"frm_payload": "qg=="}})
    assert decoded.observations == ()
    assert decoded.hint == "no-codec"
    assert decoded.statuses[0].online


def test_simulated_uplinks_are_not_the_place(say: Say) -> None:
    """`"simulated": true` marks an uplink made at the console."""
    decoded = say("ttn", TOPIC, {**UP, "simulated": True})
    assert decoded.observations == ()
    assert decoded.hint == "simulated"


def test_join_and_others(say: Say) -> None:
    """A join shows that the device is there; other topics are not subscribed to."""
    assert say("ttn", "v3/app1@tenant1/devices/dev1/join", UP).statuses[0].online
    assert say("ttn", "v3/app1@tenant1/devices/dev1/down/sent", UP, filtered=False) == NOTHING


@pytest.mark.parametrize(
    "body", [[], {}, {"uplink_message": 1}, {"uplink_message": {"received_at": "never"}}]
)
def test_wrong_shapes(say: Say, body: object) -> None:
    """Refused as a whole."""
    with pytest.raises(MalformedPayload):
        say("ttn", TOPIC, body)


def test_bound_by_topic() -> None:
    """The same device id in another application is another device."""
    bindings = Bindings([Binding("d", "s", "ttn", topic=TOPIC)])
    assert bindings.resolve("ttn", "v3/app1@tenant1/devices/dev1/join", "app1@tenant1/dev1") == "d"
    assert bindings.resolve("ttn", "v3/app2@tenant1/devices/dev1/up", "app2@tenant1/dev1") is None
