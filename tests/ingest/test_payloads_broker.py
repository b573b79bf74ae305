"""Every convention published by a real client through a real broker reaches its decoder: the filters are right."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ingest.decode import conventions, decode
from ingest.expression import parse
from ingest.mapped import Mapped, MappedDevices, MappedValue
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from ingest.payload import Described

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto

RIVER = bytes.fromhex(
    "7E7E010012345678123432001E020001261122120000F0F02611221155392300002210201900006138121260038B1D"
)
BIRTH = bytes.fromhex("0880dca48ba034121d0a0b54656d706572617475726510011880dca48ba034200965666686401801")
MESSAGES: dict[str, tuple[str, object]] = {
    "native": ("hub/v1/school-1/fridge/telemetry", {"temperature": 1}),
    "zigbee2mqtt": ("zigbee2mqtt/school-1/fridge", {"temperature": 1}),
    "homeassistant": ("homeassistant/sensor/x/config", {"stat_t": "x/state", "dev_cla": "temperature"}),
    "tasmota": ("tele/x/SENSOR", {"DS18B20": {"Temperature": 1}}),
    "thingsboard": ("v1/devices/me/telemetry", {"temperature": 1}),
    "thingsboard-gateway": ("v1/gateway/telemetry", {"Device A": [{"temperature": 1}]}),
    "chirpstack": (
        "application/1/device/0101010101010101/event/up",
        {"deviceInfo": {"devEui": "0101010101010101"}, "object": {"temperature": 1}},
    ),
    "iotda": (
        "$oc/devices/d1/sys/properties/report",
        {"services": [{"service_id": "s", "properties": {"temperature": 1}}]},
    ),
    "alink": ("/sys/pk/d1/thing/event/property/post", {"params": {"temperature": 1}}),
    "ttn": ("v3/app1@ttn/devices/dev1/up", {"uplink_message": {"decoded_payload": {"temperature": 1}}}),
    "senml": ("plants/7/senml", [{"n": "urn:dev:ow:10e2073a01080063", "u": "Cel", "v": 1}]),
    "onenet": ("$sys/pid/d1/thing/property/post", {"params": {"temperature": {"value": 1}}}),
    "mapped": ("factory/7", {"probe": 1}),
    "sparkplug": ("spBv1.0/county/DBIRTH/school-1/fridge", BIRTH),
    "hj212": (
        "dtu/air",
        "##0086ST=22;CN=2011;PW=123456;MN=1;CP=&&DataTime=20261122120000;a01001-Rtd=1,a01001-Flag=N&&95C1",
    ),
    "sl651": ("dtu/river", RIVER),
    "onvif": ("axis/B8A44F/event/VMD", {"topic": "axis:VMD", "message": {"data": {"active": "1"}}}),
    "frigate": ("frigate/events", {"type": "new", "after": {"id": "1", "camera": "c", "label": "person"}}),
    "aibox": ("box/1/warning", {"event_id": "1", "stream_id": "s", "event_msg": "烟雾"}),
    "hikvision": ("push/gate", {"channelID": 1, "eventType": "VMD", "eventState": "active"}),
}
EVENTS = {"aibox", "frigate", "hikvision", "onvif"}
"""They say what holds, not how much."""
MAPPED = MappedDevices([Mapped("d1", "factory/7", (MappedValue("temperature", parse("probe")),))])


def as_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.mark.slow
def test_each_convention_through_mosquitto(broker: Mosquitto, wait_until: Callable[..., None]) -> None:
    """Also those whose topics begin with `$`; each message is delivered to its convention once."""
    assert set(MESSAGES) == set(conventions())
    came: list[tuple[str, Message]] = []
    lock = threading.Lock()
    consumer = Client(broker.url, "hub", clock=lambda: datetime.now(UTC))

    def into(kind: str) -> Callable[[Message, Ack], None]:
        def handle(message: Message, ack: Ack) -> None:
            with lock:
                came.append((kind, message))
            ack()

        return handle

    for kind, convention in conventions().items():
        consumer.subscribe([(each, 1) for each in convention.filters or (MESSAGES[kind][0],)], into(kind))
    publisher = Client(broker.url, "devices", clock=lambda: datetime.now(UTC))
    consumer.start()
    publisher.start()
    try:
        wait_until(lambda: consumer.connected and publisher.connected)
        for topic, body in MESSAGES.values():
            publisher.publish(topic, as_bytes(body)).result(5)
        wait_until(lambda: len(came) >= len(MESSAGES))
        assert consumer.health().refused_filters == ()
        assert {kind: message.topic for kind, message in came} == {
            kind: topic for kind, (topic, _) in MESSAGES.items()
        }
        assert len(came) == len(MESSAGES)
        for kind, message in came:
            decoded = decode(
                kind, message, zone=ZoneInfo("Asia/Shanghai"), described=Described(mapped=MAPPED)
            )
            if kind == "homeassistant":
                assert decoded.announcement is not None
            elif kind in EVENTS:
                assert [each.over for each in decoded.episodes] == [False]
            elif kind in {"sl651", "sparkplug"}:
                assert decoded.observations
            else:
                assert [float(each.value) for each in decoded.observations] == [1.0]
    finally:
        publisher.stop(2)
        consumer.stop(2)
