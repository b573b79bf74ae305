"""iotda, alink, onenet: the three Chinese cloud conventions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.decode import conventions
from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.mqtt.topics import matches
from ingest.payload import Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

IOTDA = "$oc/devices/d1/sys/properties/report"
ALINK = "/sys/a1ILGykZVhP/fridge/thing/event/property/post"
ONENET = "$sys/61041c855G/fridge/thing/property/post"


def test_iotda_documented_example(say: Say) -> None:
    """support.huaweicloud.com iot_06_v5_3010: several services a message, compact UTC time."""
    body = {
        "services": [
            {
                "service_id": "Temperature",
                "properties": {"value": 57, "value2": 60},
                "event_time": "20151212T121212Z",
            },
            {
                "service_id": "Battery",
                "properties": {"level": 80, "level2": 90},
                "event_time": "20151212T121212Z",
            },
        ]
    }
    decoded = say("iotda", IOTDA, body)
    assert {each.at for each in decoded.observations} == {datetime(2015, 12, 12, 12, 12, 12, tzinfo=UTC)}
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {"temperature": 57.0, "battery": 80.0}
    assert read.extras == ("Temperature.value2", "Battery.level2")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("20161219T114920Z", datetime(2016, 12, 19, 11, 49, 20, tzinfo=UTC)),
        ("2020-08-12T12:12:12.333Z", datetime(2020, 8, 12, 12, 12, 12, 333_000, tzinfo=UTC)),
        ("12.12.2020", None),
        (None, None),
        (5, None),
    ],
)
def test_iotda_times(say: Say, written: object, at: datetime | None) -> None:
    """iot_06_v5_3010: two forms, always UTC; missing or in another form, the platform's arrival counts."""
    services = [{"service_id": "s", "properties": {"temperature": 1}, "event_time": written}]
    [found] = say("iotda", IOTDA, {"services": services}).observations
    assert found.at == at


def test_iotda_gateway_children(say: Say) -> None:
    """iot_06_v5_3006 and 3022: a gateway reports for its children, and their coming and going."""
    service = {"service_id": "analog", "properties": {"temperature": 4}}
    decoded = say(
        "iotda",
        "$oc/devices/gw/sys/gateway/sub_devices/properties/report",
        {
            "devices": [
                {"device_id": "child-1", "services": [service]},
                {"device_id": "child-2", "services": [service]},
            ]
        },
    )
    assert [each.name for each in decoded.observations] == ["child-1", "child-2"]
    event = {
        "object_device_id": "gw",
        "services": [
            {
                "service_id": "$sub_device_manager",
                "event_type": "sub_device_update_status",
                "event_time": "20151212T121212Z",
                "paras": {
                    "device_statuses": [
                        {"device_id": "bf40f0c4-4022-41c6-a201-c5133122054a", "status": "ONLINE"},
                        {"device_id": "4459c0f7-10bb-4718-9b07-7a82c2d508a5", "status": "OFFLINE"},
                    ]
                },
            }
        ],
    }
    at = datetime(2015, 12, 12, 12, 12, 12, tzinfo=UTC)
    assert say("iotda", "$oc/devices/gw/sys/events/up", event).statuses == (
        Status("bf40f0c4-4022-41c6-a201-c5133122054a", True, at),
        Status("4459c0f7-10bb-4718-9b07-7a82c2d508a5", False, at),
    )


def test_a_childs_reading_is_never_the_gateways() -> None:
    """A registered gateway must not swallow the readings of a child that is not registered."""
    bindings = Bindings(
        [
            Binding("gateway", "s", "iotda", topic="$oc/devices/gw/sys/properties/report"),
            Binding("child", "s", "iotda", external_id="child-1"),
        ]
    )
    topic = "$oc/devices/gw/sys/gateway/sub_devices/properties/report"
    assert bindings.resolve("iotda", topic, "child-1") == "child"
    assert bindings.resolve("iotda", topic, "child-2") is None
    assert bindings.resolve("iotda", "$oc/devices/gw/sys/properties/report", "gw") == "gateway"


@pytest.mark.parametrize("convention", ["iotda", "onenet"])
def test_topics_that_begin_with_a_dollar_need_their_own_filter(convention: str) -> None:
    """MQTT 5 §4.7.2: `#` does not match them."""
    for each in conventions()[convention].filters:
        assert each.startswith("$")
        assert not matches("#", each.replace("+", "x"))


def test_alink_documented_example(say: Say) -> None:
    """help.aliyun.com 89301: {value, time}, milliseconds; a Power of "on" is a switch, not watts."""
    body = {
        "id": "123",
        "version": "1.0",
        "sys": {"ack": 0},
        "params": {
            "Power": {"value": "on", "time": 1524448722000},
            "WF": {"value": 23.6, "time": 1524448722000},
        },
        "method": "thing.event.property.post",
    }
    decoded = say("alink", ALINK, body)
    assert say.values(decoded) == {"Power": "on", "WF": 23.6}
    assert {each.at for each in decoded.observations} == {datetime(2018, 4, 23, 1, 58, 42, tzinfo=UTC)}
    assert {each.message_id for each in decoded.observations} == {"123"}
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert read.readings == ()
    assert read.refused == ()


def test_alink_values_may_be_bare(say: Say) -> None:
    """若不上传time: a value without a time may also come without its wrapping; modules have a prefix."""
    decoded = say(
        "alink",
        ALINK,
        {
            "params": {
                "CurrentTemperature": 4.2,
                "kitchen:GasSensorState": 1,
                "CurrentHumidity": {"value": 40},
            }
        },
    )
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {
        "temperature": 4.2,
        "gas_alarm": 1.0,
        "humidity": 40.0,
    }


def test_onenet_documented_example(say: Say) -> None:
    """China Mobile "设备属性/事件" (OneJSON): as Alink, on a topic that begins with $."""
    body = {
        "id": "123",
        "version": "1.0",
        "params": {
            "Power": {"value": "on", "time": 1524448722123},
            "WF": {"value": 23.6, "time": 1524448722123},
        },
    }
    decoded = say("onenet", ONENET, body)
    assert say.values(decoded) == {"Power": "on", "WF": 23.6}
    assert {each.at for each in decoded.observations} == {
        datetime(2018, 4, 23, 1, 58, 42, 123_000, tzinfo=UTC)
    }


def test_onenet_text_numbers(say: Say) -> None:
    """OneNET's script example posts `"value":"30.5"`."""
    decoded = say(
        "onenet", ONENET, {"id": "1001", "params": {"power": {"value": "30.5", "time": 1524448722123}}}
    )
    [reading] = interpret(decoded.observations, "x", received_at=say.now).readings
    assert (reading.quantity, reading.value) == ("power", 30.5)


@pytest.mark.parametrize(
    ("convention", "topic", "name"),
    [("alink", ALINK, "a1ILGykZVhP/fridge"), ("onenet", ONENET, "61041c855G/fridge"), ("iotda", IOTDA, "d1")],
)
def test_bound_by_topic_or_by_name(convention: str, topic: str, name: str) -> None:
    """Products may use the same device names: the product belongs to the name."""
    assert Bindings([Binding("d", "s", convention, topic=topic)]).resolve(convention, topic, name) == "d"
    assert Bindings([Binding("d", "s", convention, external_id=name)]).resolve(convention, topic, name) == "d"
    assert (
        Bindings([Binding("d", "s", convention, external_id="other")]).resolve(convention, topic, name)
        is None
    )


@pytest.mark.parametrize(
    ("convention", "topic", "body"),
    [
        ("iotda", IOTDA, {}),
        ("iotda", IOTDA, {"services": {}}),
        ("iotda", IOTDA, {"services": [{"properties": {}}]}),
        ("iotda", IOTDA, {"services": [{"service_id": "a", "properties": 5}]}),
        ("alink", ALINK, {"params": []}),
        ("alink", ALINK, {}),
        ("alink", ALINK, {"params": {"t": {"value": 1, "time": "soon"}}}),
        ("onenet", ONENET, []),
    ],
)
def test_wrong_shapes(say: Say, convention: str, topic: str, body: object) -> None:
    """Refused as a whole, with a reason."""
    with pytest.raises(MalformedPayload):
        say(convention, topic, body)
