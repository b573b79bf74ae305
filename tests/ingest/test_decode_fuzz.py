"""Enemies of the payload shelf: any bytes on any topic decode or raise MalformedPayload, soon, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decode import conventions, decode
from ingest.errors import MalformedPayload
from ingest.expression import parse
from ingest.interpret import interpret
from ingest.mapped import Mapped, MappedDevices, MappedValue
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described
from ingest.payloads import hj212, sl651
from ingest.payloads._sparkplug_b_pb2 import Payload
from ingest.quantity import QUANTITIES

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
CONVENTIONS = sorted(conventions())

TOPICS = {
    "native": ["hub/v1/s/d/telemetry", "hub/v1/s/d/status"],
    "zigbee2mqtt": ["zigbee2mqtt/a/b", "zigbee2mqtt/a/availability"],
    "homeassistant": ["homeassistant/sensor/x/config", "homeassistant/device/x/config", "s", "l"],
    "tasmota": ["tele/x/SENSOR", "tele/x/STATE", "tele/x/LWT", "stat/x/POWER"],
    "thingsboard": ["v1/devices/me/telemetry"],
    "thingsboard-gateway": ["v1/gateway/telemetry", "v1/gateway/connect"],
    "chirpstack": [f"application/1/device/0101010101010101/event/{event}" for event in ("up", "status", "join")],
    "iotda": ["$oc/devices/d/sys/properties/report", "$oc/devices/d/sys/events/up",
              "$oc/devices/d/sys/gateway/sub_devices/properties/report"],
    "alink": ["/sys/p/d/thing/event/property/post"],
    "ttn": ["v3/a@t/devices/d/up", "v3/a@t/devices/d/join"],
    "senml": ["any"],
    "onenet": ["$sys/p/d/thing/property/post"],
    "mapped": ["factory/line", "factory/text"],
    "sparkplug": [f"spBv1.0/g/{kind}/n" for kind in ("NBIRTH", "NDATA", "NDEATH")]
    + [f"spBv1.0/g/{kind}/n/d" for kind in ("DBIRTH", "DDATA", "DDEATH", "DCMD")],
    "hj212": ["dtu/air"],
    "sl651": ["dtu/river"],
    "onvif": ["axis/1/event/VMD", "c/onvif-ej/RuleEngine/LineDetector/Crossed"],
    "frigate": ["frigate/events", "frigate/reviews", "frigate/available"],
    "aibox": ["box/warning", "box/cancel", "box/record"],
    "hikvision": ["push/gate"],
}  # fmt: skip

KEYS = st.sampled_from(
    [
        "ts", "values", "temperature", "Time", "DS18B20", "Temperature", "TempUnit", "battery", "contact", "action",
        "last_seen", "state", "device", "deviceInfo", "devEui", "time", "object", "services", "service_id",
        "properties", "event_time", "params", "value", "id", "devices", "device_id", "state_topic", "stat_t", "val_tpl",
        "dev", "ids", "cmps", "p", "avty", "~", "unit_of_measurement", "POWER", "paras",
        "device_statuses", "event_type",
        "topic", "message", "data", "source", "active", "UtcTime", "Source", "Data", "type", "after", "camera", "label",
        "event_id", "stream_id", "event_msg", "eventType", "eventState", "channelID", "dateTime", "severity",
        "uplink_message", "decoded_payload", "received_at", "bn", "bt", "bu", "bv", "n", "t", "u", "v", "vb", "vs",
    ]
) | st.text(max_size=5)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**400, 10**401)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["s", "ON", "online", "{{ value_json.a }}", "{{ value", "0101010101010101", "NaN", "1e999"]
    )
    | st.sampled_from(
        [0, 1e300, -1, 1_451_649_600_512, 4_294_967_295_000, "1970-01-01T00:00:00", "2106-02-07T06:28:15Z"]
    )
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)
DESCRIBED = Described(
    {
        "homeassistant/sensor/a/config": b'{"stat_t":"s","val_tpl":"{{ value_json.a | float / 3 }}","dev_cla":"co"}',
        "homeassistant/binary_sensor/b/config": b'{"stat_t":"s","avty_t":"l","dev_cla":"door"}',
    },
    mapped=MappedDevices(
        [
            Mapped(
                "m",
                "factory/line",
                (
                    MappedValue("temperature", parse("temperature || values.temperature"), scale=0.1),
                    MappedValue("door", parse("state == 'ON'")),
                    MappedValue("humidity", parse("avg(values.*)"), unit_from=parse("u")),
                ),
                each=parse("devices || [@]"),
                time=parse("ts || time"),
                id=parse("id"),
            ),
            Mapped("t", "factory/text", (MappedValue("temperature", parse("to_number(@)")),), format="text"),
        ]
    ),
)


def answer(convention: str, topic: str, payload: bytes) -> Decoded | None:
    """What came out; fails for anything but Decoded and MalformedPayload."""
    message = Message(topic, payload, 1, False, NOW)
    decoded, refused = None, None
    try:
        decoded = decode(convention, message, zone=ZONE, described=DESCRIBED)
    except MalformedPayload as wrong:
        refused = wrong
    if decoded is None:
        assert refused is not None
        assert refused.reason
        assert refused.reason != "internal-error", refused
        assert str(refused)
        return None
    numbered = decoded.numbered.observations if decoded.numbered else ()
    for episode in decoded.episodes:
        assert len(episode.id) <= 1_200
        assert episode.field in {"", *QUANTITIES}
        assert episode.at is None or episode.at.tzinfo is UTC
    for observation in (*decoded.observations, *numbered):
        assert isinstance(observation.value, float | bool | str | int)
        assert observation.name.isprintable()
        assert observation.field.isprintable()
        assert observation.at is None or observation.at.tzinfo is UTC
    read = interpret(decoded.observations, "d", received_at=NOW)
    for reading in read.readings:
        quantity = QUANTITIES[reading.quantity]
        assert quantity.low <= reading.value <= quantity.high
    return decoded


def test_every_convention_is_fuzzed() -> None:
    """A new file on the shelf needs its topics here."""
    assert set(TOPICS) == set(CONVENTIONS)


PLACES = st.sampled_from([(kind, topic) for kind, topics in sorted(TOPICS.items()) for topic in topics])
QUIET = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(PLACES, st.binary(max_size=300))
def test_any_bytes(place: tuple[str, str], payload: bytes) -> None:
    """Random bytes on every topic."""
    answer(*place, payload)


@QUIET
@given(PLACES, DOCUMENTS)
def test_any_json(place: tuple[str, str], body: object) -> None:
    """Wrongly shaped documents made of the conventions' own words."""
    answer(*place, json.dumps(body).encode())


@QUIET
@given(st.sampled_from(CONVENTIONS), st.text(max_size=60), DOCUMENTS)
def test_any_topic(convention: str, topic: str, body: object) -> None:
    """Any topic may be bound to any convention by a registry."""
    answer(convention, topic, json.dumps(body).encode())
    conventions()[convention].device_of(topic)
    conventions()[convention].topics_of(topic)


@QUIET
@given(PLACES, DOCUMENTS, st.data())
def test_truncated_and_flipped(place: tuple[str, str], body: object, data: st.DataObject) -> None:
    """A good document cut off or with one byte changed."""
    raw = bytearray(json.dumps(body).encode())
    cut = data.draw(st.integers(0, len(raw)))
    answer(*place, bytes(raw[:cut]))
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        answer(*place, bytes(raw))


@QUIET
@given(st.binary(max_size=200), st.binary(min_size=10, max_size=10))
def test_any_body_of_a_sound_frame(body: bytes, head: bytes) -> None:
    """What a station's faulty program packs into a frame whose checksum is right."""
    raw = b"\x7e\x7e" + head[:9] + len(body).to_bytes(2) + b"\x02" + body + b"\x03"
    answer("sl651", "dtu/river", raw + sl651.checksum(raw).to_bytes(2))
    segment = b"ST=22;CN=2011;MN=1;CP=&&" + body
    answer("hj212", "dtu/air", b"##%04d%s%04X" % (len(segment), segment, hj212.checksum(segment)))


@QUIET
@given(
    st.lists(
        st.tuples(st.text(max_size=8), st.integers(0, 2**64 - 1), st.integers(0, 40), st.floats()), max_size=5
    ),
    st.sampled_from(["NBIRTH", "NDATA", "DBIRTH/d", "DDATA/d"]),
)
def test_any_metrics(metrics: list[tuple[str, int, int, float]], sort: str) -> None:
    """Sound protobuf with any names, numbers and types."""
    payload = Payload(seq=1)
    for name, number, datatype, value in metrics:
        payload.metrics.add(name=name, alias=number, timestamp=number, datatype=datatype, double_value=value)
        payload.metrics.add(alias=number, datatype=datatype, long_value=number)
    kind, _, device = sort.partition("/")
    topic = f"spBv1.0/g/{kind}/n" + (f"/{device}" if device else "")
    answer("sparkplug", topic, payload.SerializeToString())


NASTY: list[tuple[str, Callable[[], bytes]]] = [
    ("deep arrays", lambda: b"[" * 100_000),
    ("deep objects", lambda: b'{"values":' * 20_000 + b"1" + b"}" * 20_000),
    ("deep but closed", lambda: b"[" * 900 + b"]" * 900),
    ("a long number", lambda: b'{"temperature":' + b"9" * 200_000 + b"}"),
    ("a long fraction", lambda: b'{"temperature":1.' + b"9" * 200_000 + b"}"),
    ("a long time", lambda: b'{"ts":' + b"9" * 4_000 + b',"values":{"temperature":1}}'),
    ("a megabyte of garbage", lambda: bytes(range(256)) * 4_096),
    ("a megabyte of blanks", lambda: b" " * 1_000_000),
    ("a text of a quarter megabyte", lambda: b'{"a":"' + b"x" * 250_000 + b'"}'),
    ("a key of a quarter megabyte", lambda: b'{"' + b"x" * 250_000 + b'":1}'),
    ("many keys", lambda: json.dumps({f"k{n}": n for n in range(15_000)}).encode()),
    ("many entries", lambda: b"[" + b'{"temperature":1},' * 10_000 + b'{"temperature":1}]'),
    ("many times one key", lambda: b"{" + b'"temperature":1,' * 10_000 + b'"temperature":2}'),
    ("lone surrogates", lambda: b'{"\\ud800":"\\udfff","temperature":"\\ud800"}'),
    ("NUL", lambda: b'{"a\\u0000b":1,"temperature":"\\u0000"}'),
    ("UTF-16", lambda: '{"temperature":1}'.encode("utf-16")),
    ("overlong UTF-8", lambda: b'{"a":"\xc0\xaf"}'),
    ("a zip bomb's head", lambda: b"PK\x03\x04" + b"\x00" * 10_000),
]


@pytest.mark.parametrize(("what", "make"), NASTY, ids=[what for what, _ in NASTY])
def test_bounded(what: str, make: Callable[[], bytes]) -> None:
    """Each of these is answered on every topic of every convention in bounded time."""
    payload = make()
    for convention, topics in TOPICS.items():
        for topic in topics:
            began = time.monotonic()
            answer(convention, topic, payload)
            assert time.monotonic() - began < 5, f"{what} on {topic}"  # a hang, not a speed


def test_a_template_is_not_asked_for_more_than_it_is_worth() -> None:
    """A megabyte of text for a template sensor is refused before it is read."""
    assert answer("homeassistant", "s", b'{"a":"' + b"1" * 1_000_000 + b'"}') is None
