"""Every convention, published by a real client through a real broker (Hikvision: HTTP), is read at GET /readings.

One hub, as its own process, with one device for each; nothing is asked but what a user of the API may ask.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.decode import conventions
from ingest.payloads import hj212, sl651
from ingest.payloads._sparkplug_b_pb2 import Payload
from tests.e2e.running import ROOT, Running, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

NOW = datetime.now(UTC).replace(microsecond=0)
MS = int(NOW.timestamp() * 1000)
LOCAL = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
"""Stations' clocks: the area's, without saying so."""

REGISTRY = """
areas: [{id: county, level: county, name: 县, timezone: Asia/Shanghai}]
units: [{id: duty-room, area: county, name: 值班室}]
sites: [{id: s, area: county, kind: canteen-school, name: 食堂}]
devices:
  - {id: native, site: s, kind: sensor}
  - {id: zigbee2mqtt, site: s, kind: sensor, payload: zigbee2mqtt, topic: zigbee2mqtt/s/fridge}
  - {id: homeassistant, site: s, kind: sensor, payload: homeassistant, external_id: a0b7}
  - {id: tasmota, site: s, kind: sensor, payload: tasmota, topic: tele/t/SENSOR}
  - {id: thingsboard, site: s, kind: sensor, payload: thingsboard, topic: pump/v1/devices/me/telemetry}
  - {id: thingsboard-gateway, site: s, kind: sensor, payload: thingsboard-gateway, topic: v1/gateway/telemetry,
     external_id: 水位计}
  - {id: chirpstack, site: s, kind: sensor, payload: chirpstack, topic: application/1/device/24e124136b502217/event/up}
  - {id: ttn, site: s, kind: sensor, payload: ttn, topic: v3/county@ttn/devices/pole-7/up}
  - {id: iotda, site: s, kind: sensor, payload: iotda, topic: $oc/devices/samples/sys/properties/report}
  - {id: alink, site: s, kind: sensor, payload: alink, topic: /sys/a1/cold/thing/event/property/post}
  - {id: onenet, site: s, kind: sensor, payload: onenet, topic: $sys/pid/cold/thing/property/post}
  - {id: senml, site: s, kind: sensor, payload: senml, topic: sensors/pump}
  - {id: mapped, site: s, kind: sensor, payload: mapped, topic: factory/7, mapping: {values: {temperature: probe}}}
  - {id: sparkplug, site: s, kind: sensor, payload: sparkplug, external_id: county/school/fridge}
  - {id: hj212, site: s, kind: sensor, payload: hj212, topic: dtu/air}
  - {id: sl651, site: s, kind: sensor, payload: sl651, topic: dtu/river}
  - {id: onvif, site: s, kind: sensor, payload: onvif, topic: "axis/B8A44F/event/#"}
  - {id: frigate, site: s, kind: sensor, payload: frigate, external_id: back_door}
  - {id: aibox, site: s, kind: sensor, payload: aibox, topic: aibox/box-1/warning, external_id: kitchen-2}
  - {id: hikvision, site: s, kind: sensor, payload: hikvision, topic: push/hikvision}
rules:
  - {id: gate, kind: state-too-long, condition: person-after-hours, devices: [hikvision], quantity: intrusion,
     longer_than: 1s, severity: major}
routes: [{unit: duty-room}]
"""

STAMP = NOW.isoformat().replace("+00:00", "Z")


def value(number: float) -> dict[str, object]:
    return {"params": {"temperature": {"value": number, "time": MS}}}


def air(number: float) -> bytes:
    segment = (
        f"ST=22;CN=2011;PW=123456;MN=1;CP=&&DataTime={LOCAL:%Y%m%d%H%M%S};a34004-Rtd={number},a34004-Flag=N&&"
    )
    return f"##{len(segment):04}{segment}{hj212.checksum(segment.encode()):04X}\r\n".encode()


def river() -> bytes:
    body = bytes.fromhex(f"0001{LOCAL:%y%m%d%H%M%S}F0F0{LOCAL:%y%m%d%H%M}392300002210")
    frame = (
        bytes.fromhex("7E7E0100123456781234320000")[:11] + len(body).to_bytes(2) + b"\x02" + body + b"\x03"
    )
    return frame + sl651.checksum(frame).to_bytes(2)


def sparkplug(seq: int, **metric: object) -> bytes:
    payload = Payload(timestamp=MS, seq=seq)
    payload.metrics.add(datatype=9, timestamp=MS + seq, **metric)
    return bytes(payload.SerializeToString())


def frigate(sort: str) -> dict[str, object]:
    after = {"id": f"{MS}-x", "camera": "back_door", "label": "person", "false_positive": False}
    return {"type": sort, "before": after, "after": after}


AXIS = "axis/B8A44F/event/tns:axis/CameraApplicationPlatform/VMD/Camera1ProfileANY"


def axis(active: str) -> dict[str, object]:
    topic = "axis:CameraApplicationPlatform/VMD/Camera1ProfileANY"
    return {"topic": topic, "message": {"source": {}, "key": {}, "data": {"active": active}}}


def box(event: str, **more: str) -> dict[str, object]:
    return {"event_id": event, "stream_id": "kitchen-2", "algorithm_id": 1, "result": {}, **more}


MESSAGES: tuple[tuple[str, object], ...] = (
    ("hub/v1/s/native/telemetry", {"ts": STAMP, "values": {"temperature": 1.5}}),
    ("zigbee2mqtt/s/fridge", {"battery": "100.00", "contact": False, "linkquality": 99, "temperature": 2.5}),
    ("homeassistant/sensor/a0b7/t/config",
     {"dev_cla": "temperature", "stat_t": "esp/t/state", "unit_of_meas": "°C", "uniq_id": "a0b7-t",
      "dev": {"ids": "a0b7"}}),
    ("tele/t/SENSOR", {"Time": f"{LOCAL:%Y-%m-%dT%H:%M:%S}", "DS18B20": {"Temperature": 39.2}, "TempUnit": "F"}),
    ("pump/v1/devices/me/telemetry", {"ts": MS, "values": {"temperature": 4.5}}),
    ("v1/gateway/telemetry", {"水位计": [{"ts": MS, "values": {"water_level": 5.5}}]}),
    ("application/1/device/24e124136b502217/event/up",
     {"deduplicationId": "d1", "time": STAMP, "deviceInfo": {"devEui": "24e124136b502217"},
      "object": {"temperature": 6.5}}),
    ("v3/county@ttn/devices/pole-7/up",
     {"end_device_ids": {"device_id": "pole-7"},
      "uplink_message": {"received_at": STAMP, "decoded_payload": {"tilt": 7.5}}}),
    ("$oc/devices/samples/sys/properties/report",
     {"services": [{"service_id": "T", "properties": {"temperature": 8.5}, "event_time": f"{NOW:%Y%m%dT%H%M%SZ}"}]}),
    ("/sys/a1/cold/thing/event/property/post", value(9.5)),
    ("$sys/pid/cold/thing/property/post", value(10.5)),
    ("sensors/pump", [{"bn": "urn:dev:ow:10e2073a01080063:", "n": "temperature", "u": "Cel", "v": 11.5}]),
    ("factory/7", {"probe": 12.5}),
    ("spBv1.0/county/NBIRTH/school", sparkplug(0, name="bdSeq", long_value=0)),
    ("spBv1.0/county/DBIRTH/school/fridge", sparkplug(1, name="Inputs/Temperature", alias=1, float_value=13.5)),
    ("spBv1.0/county/DDATA/school/fridge", sparkplug(2, alias=1, float_value=14.5)),
    ("dtu/air", air(15.5)),
    ("dtu/river", river()),
    (AXIS, axis("1")),
    ("frigate/events", frigate("new")),
    ("aibox/box-1/cancel", {"event_id": "e-0"}),
    ("aibox/box-1/warning", box("e-0", event_msg="明火")),
    ("aibox/box-1/warning", box("e-1", event_msg="检测到烟雾")),
    ("aibox/box-1/record", box("e-1", video_url="http://box/1.mp4")),
)  # fmt: skip
LATER: tuple[tuple[str, object], ...] = (
    ("esp/t/state", "3.5"),
    (AXIS, axis("0")),
    ("frigate/events", frigate("end")),
    ("aibox/box-1/cancel", {"event_id": "e-1"}),
)

EXPECTED: dict[str, tuple[str, list[float]]] = {
    "native": ("temperature", [1.5]),
    "zigbee2mqtt": ("temperature", [2.5]),
    "homeassistant": ("temperature", [3.5]),
    "tasmota": ("temperature", [4.0]),
    "thingsboard": ("temperature", [4.5]),
    "thingsboard-gateway": ("water_level", [5.5]),
    "chirpstack": ("temperature", [6.5]),
    "ttn": ("tilt", [7.5]),
    "iotda": ("temperature", [8.5]),
    "alink": ("temperature", [9.5]),
    "onenet": ("temperature", [10.5]),
    "senml": ("temperature", [11.5]),
    "mapped": ("temperature", [12.5]),
    "sparkplug": ("temperature", [13.5, 14.5]),
    "hj212": ("pm2_5", [15.5]),
    "sl651": ("water_level", [2.21]),
    "onvif": ("motion", [1, 0]),
    "frigate": ("person", [1, 0]),
    "aibox": ("smoke", [1, 0]),
    "hikvision": ("intrusion", [1, 0]),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`hub serve` with the county above."""
    folder = tmp_path_factory.mktemp("every-convention")
    data, file = folder / "data", folder / "county.yaml"
    file.write_text(REGISTRY)
    running = Running(data, command=("serve",), environment={"HUB_WORKERS": "0"})
    try:
        running.wait_ready()
        applied = httpx.post(
            f"{running.base}/registry/apply",
            content=REGISTRY.encode(),
            headers={"Authorization": f"Bearer {running.token()}", "Content-Type": "application/yaml"},
            timeout=30,
        )
        assert applied.status_code == 200, applied.text
        yield running
    finally:
        running.stop()


@pytest.fixture
def device(hub: Running) -> Iterator[paho.Client]:
    """A client of the world's own: paho, as devices use it."""
    address = httpx.URL(str(json.loads((hub.data / "run.json").read_text())["mqtt"]))
    client = paho.Client(CallbackAPIVersion.VERSION2, "devices", protocol=paho.MQTTv5)
    client.connect(address.host, address.port or 1883)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def send(client: paho.Client, messages: tuple[tuple[str, object], ...]) -> None:
    for topic, body in messages:
        raw = body if isinstance(body, bytes | str) else json.dumps(body, ensure_ascii=False)
        client.publish(topic, raw, qos=1, retain=topic.endswith("/config")).wait_for_publish(10)


def values(hub: Running, device: str, quantity: str) -> list[float]:
    found = hub.get(f"/readings?device={device}&quantity={quantity}&limit=100").json()["items"]
    return [cast("float", each["value"]) for each in found]


def push(address: str, second: int) -> httpx.Response:
    stamp = (LOCAL + timedelta(seconds=second)).isoformat()
    alert = (
        '<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
        f"<macAddress>ac:b9:2f:49:44:75</macAddress><channelID>1</channelID><dateTime>{stamp}</dateTime>"
        f"<activePostCount>{second + 1}</activePostCount><eventType>fielddetection</eventType>"
        "<eventState>active</eventState></EventNotificationAlert>"
    )
    files = {
        "fielddetection": ("fielddetection.xml", alert.encode(), "application/xml"),
        "intrusionImage": ("intrusionImage.jpg", b"\xff\xd8\xff\xe0" + bytes(100_000), "image/jpeg"),
    }
    return httpx.post(address, files=files, timeout=10)


def test_every_convention_from_the_broker_to_the_api(hub: Running, device: paho.Client) -> None:
    """Each device's own values are there, under its quantity, in its unit, and nothing was refused."""
    assert set(EXPECTED) == set(conventions()) == {each["id"] for each in yaml.safe_load(REGISTRY)["devices"]}
    printed = subprocess.run(
        [sys.executable, "-m", "hub", "address", "hikvision", "--data", str(hub.data)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert printed.returncode == 0, printed.stderr
    path = httpx.URL(printed.stdout.strip()).path
    address = f"http://127.0.0.1:{hub.port}{path}"
    send(device, MESSAGES)
    for second in range(3):  # every second while it holds, and never a word when it is over
        assert push(address, second).status_code == 200
        time.sleep(1)
    send(device, LATER)
    wrong: dict[str, list[float]] = {}

    def all_there() -> bool | None:
        wrong.clear()
        for each, (quantity, expected) in EXPECTED.items():
            found = values(hub, each, quantity)
            if found != expected:
                wrong[each] = found
        return None if wrong else True

    try:
        until(all_there, seconds=30, what="every reading", every=0.5)
    except AssertionError as late:
        raise AssertionError(f"{wrong}\n{hub.get('/rejected?limit=100').text}") from late
    assert values(hub, "aibox", "fire") == [], "its cancellation came first"
    refused = hub.get("/rejected?limit=100").json()["items"]
    assert [(each["reason"], each["topic"]) for each in refused] == []

    def cleared() -> bool | None:
        raised = hub.get("/incidents?condition=person-after-hours").json()["items"]
        return [each["state"] for each in raised] == ["cleared"] or None

    until(cleared, seconds=15, what="a rule on an event raises and clears", every=0.5)


def test_a_push_without_the_token_is_refused(hub: Running) -> None:
    """A guessed address and an unknown device look the same."""
    for path in ("push/hikvision/" + "x" * 32, "push/nobody/" + "x" * 32, "push/native/" + "x" * 32):
        answer = httpx.post(f"{hub.base}/{path}", content=b"{}", timeout=10)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_gap_makes_the_hub_ask_for_a_rebirth(hub: Running, device: paho.Client) -> None:
    """An alias after a lost message is not believed; after the birth it is."""
    asked: list[bytes] = []
    device.on_message = lambda _client, _data, message: asked.append(bytes(message.payload))
    device.subscribe("spBv1.0/+/NCMD/+", qos=1)
    time.sleep(0.5)
    send(device, (("spBv1.0/county/DDATA/school/fridge", sparkplug(9, alias=1, float_value=50.0)),))
    until(lambda: asked or None, seconds=10, what="a request for a rebirth")
    [metric] = Payload.FromString(asked[0]).metrics
    assert (metric.name, metric.boolean_value) == ("Node Control/Rebirth", True)
    send(
        device,
        (
            ("spBv1.0/county/NBIRTH/school", sparkplug(0, name="bdSeq", long_value=0)),
            ("spBv1.0/county/DBIRTH/school/fridge", sparkplug(1, name="Humidity", alias=1, float_value=40.0)),
            ("spBv1.0/county/DDATA/school/fridge", sparkplug(2, alias=1, float_value=41.0)),
        ),
    )
    until(lambda: values(hub, "sparkplug", "humidity") == [40.0, 41.0] or None, seconds=10, what="humidity")
    assert 50.0 not in values(hub, "sparkplug", "temperature")
