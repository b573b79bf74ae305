"""Devices: one bound device of each convention, and how it says a temperature; independent of the hub's own code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

SITE = "s1"
Say = Callable[[object, datetime | None], object]
"""(value, time or None) to the message's JSON."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the registry.

    Attributes:
        id: Registry id.
        entry: The rest of its line in the registry, YAML.
        topic: Where it speaks.
        say: What it says.
        timed: Whether it says its own time.
    """

    id: str
    entry: str
    topic: str
    say: Say
    timed: bool


def ms(at: datetime | None) -> int:
    """Unix milliseconds."""
    return 0 if at is None else round(at.timestamp() * 1000)


def iso(at: datetime | None) -> str:
    """RFC 3339."""
    return (
        ""
        if at is None
        else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    )


def local(at: datetime | None) -> str:
    """As Tasmota writes it; the areas of the county are in UTC here."""
    return iso(at).rstrip("Z")


def compact(at: datetime | None) -> str:
    """As IoTDA writes it: to the second."""
    return "" if at is None else at.strftime("%Y%m%dT%H%M%SZ")


CHIRPSTACK = "application/1/device/24e124136b502217/event/up"

DEVICES = (
    Device("native-1", "{}", f"hub/v1/{SITE}/native-1/telemetry",
           lambda v, at: {"ts": iso(at), "values": {"temperature": v}}, True),
    Device("native-2", "{}", f"hub/v1/{SITE}/native-2/telemetry", lambda v, _: {"temperature": v}, False),
    Device("z2m-1", "{payload: zigbee2mqtt, topic: zigbee2mqtt/s1/z}", "zigbee2mqtt/s1/z",
           lambda v, _: {"linkquality": 99, "temperature": v}, False),
    Device("tasmota-1", "{payload: tasmota, topic: tele/t1/SENSOR}", "tele/t1/SENSOR",
           lambda v, at: {"Time": local(at), "DS18B20": {"Id": "0113", "Temperature": v}, "TempUnit": "C"}, True),
    Device("tb-1", "{payload: thingsboard, topic: tb1/v1/devices/me/telemetry}", "tb1/v1/devices/me/telemetry",
           lambda v, at: {"ts": ms(at), "values": {"temperature": v}}, True),
    Device("tbg-1", "{payload: thingsboard-gateway, external_id: G 1}", "v1/gateway/telemetry",
           lambda v, at: {"G 1": [{"ts": ms(at), "values": {"temperature": v}}]}, True),
    Device("lora-1", f"{{payload: chirpstack, topic: {CHIRPSTACK}}}", CHIRPSTACK,
           lambda v, at: {"time": iso(at), "deviceInfo": {"devEui": "24e124136b502217"}, "fPort": 1,
                          "object": {"temperature": v}}, True),
    Device("ttn-1", "{payload: ttn, topic: v3/a@t/devices/p7/up}", "v3/a@t/devices/p7/up",
           lambda v, at: {"end_device_ids": {"device_id": "p7"}, "received_at": iso(at),
                          "uplink_message": {"decoded_payload": {"temperature": v}, "received_at": iso(at)}}, True),
    Device("iotda-1", "{payload: iotda, topic: $oc/devices/i1/sys/properties/report}",
           "$oc/devices/i1/sys/properties/report",
           lambda v, at: {"services": [{"service_id": "t", "properties": {"temperature": v},
                                        "event_time": compact(at)}]}, True),
    Device("alink-1", "{payload: alink, topic: /sys/pk/a1/thing/event/property/post}",
           "/sys/pk/a1/thing/event/property/post",
           lambda v, at: {"id": str(ms(at)), "params": {"temperature": {"value": v, "time": ms(at)}}}, True),
    Device("onenet-1", "{payload: onenet, topic: $sys/pid/o1/thing/property/post}",
           "$sys/pid/o1/thing/property/post",
           lambda v, at: {"id": str(ms(at)), "params": {"temperature": {"value": v, "time": ms(at)}}}, True),
    Device("senml-1", "{payload: senml, topic: plants/se1}", "plants/se1",
           lambda v, _: [{"bn": "urn:dev:ow:1:", "n": "temperature", "u": "Cel", "v": v}], False),
    Device("ha-1", "{payload: homeassistant, external_id: h1}", "ha/h1/state", lambda v, _: {"t": v}, False),
    Device("mapped-1",
           "{payload: mapped, topic: factory/m1, mapping: {each: points, time: at, values: {temperature: probe.t}}}",
           "factory/m1", lambda v, at: {"points": [{"at": iso(at), "probe": {"t": v}}]}, True),
)  # fmt: skip
"""SenML's values are numbers only; all others may come as texts."""

FRAMES: Mapping[str, tuple[str, str, bytes]] = {
    "sparkplug-1": ("{payload: sparkplug, external_id: g/n/d}", "spBv1.0/g/DDATA/n/d", b""),
    "hj212-1": ("{payload: hj212, topic: dtu/air}", "dtu/air",
                b"##0086ST=22;CN=2011;PW=123456;MN=1;CP=&&DataTime=20261122120000;a01001-Rtd=1,a01001-Flag=N&&95C1"),
    "sl651-1": ("{payload: sl651, topic: dtu/river}", "dtu/river", b"\x7e\x7e\x01\x00\x00\x00\x00\x01\x12\x34\x32"),
    "hikvision-1": ("{payload: hikvision, topic: push/gate}", "push/gate",
                    b'{"channelID": 1, "eventType": "VMD", "eventState": "active"}'),
    "onvif-1": ('{payload: onvif, topic: "axis/B8/event/#"}', "axis/B8/event/VMD",
                b'{"topic": "axis:VMD", "message": {"data": {"active": "1"}}}'),
    "frigate-1": ("{payload: frigate, external_id: c}", "frigate/events",
                  b'{"type": "new", "after": {"id": "1", "camera": "c", "label": "person"}}'),
    "aibox-1": ("{payload: aibox, topic: box/1/warning, external_id: s}", "box/1/warning",
                '{"event_id": "1", "stream_id": "s", "event_msg": "烟雾"}'.encode()),
}  # fmt: skip
"""Bound devices whose messages are frames or events: their garbage only, of which nothing may be stored.

The bytes are what is cut off; a Sparkplug message that is cut off may still be one.
"""

ADOPTED = Device("", "", "zigbee2mqtt/s1/adopted", lambda v, _: {"temperature": v}, False)
"""It is not in the registry: it is adopted before the garbage comes."""

ANNOUNCED = {
    "homeassistant/sensor/h1/config": json.dumps(
        {"dev_cla": "temperature", "stat_t": "ha/h1/state", "unit_of_meas": "°C", "uniq_id": "h1-t",
         "val_tpl": "{{ value_json.t }}", "dev": {"ids": ["h1"]}}
    ).encode(),
}  # fmt: skip

EVIL = (
    "{{ value.__class__ }}",
    "{{ value.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ value_json.__class__.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ self._TemplateReference__context }}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for a in [1,2] %}{% for b in [1,2] %}{{ a }}{% endfor %}{% endfor %}",
    "{% set x = 'a' * 1000000000 %}{{ x }}",
    "{{ 'x' * 1000000000 }}",
    "{{ range(10**9) | list | length }}",
    "{{ 9**9**9 }}",
    "{{ value_json.t | replace('4', '4' * 999999) }}",
    "{{ value_json | attr('__class__') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{{ " * 5_000,
    "{{ " + "(" * 50_000,
    "{{ value_json" + ".a" * 100_000 + " }}",
    "{{ value | float" + " / 1" * 50_000 + " }}",
    "x" * 1_000_000,
    "{{ '" + "x" * 1_000_000 + "' }}",
)
"""Templates that ask for the machine, or never end."""
EVIL_DEVICE = "evil"
"""It is in the registry, so that whatever its templates gave would be stored."""


def registry() -> str:
    """The county, in UTC, with every device bound."""
    lines = []
    bound = [(each.id, each.entry) for each in DEVICES] + [(key, each[0]) for key, each in FRAMES.items()]
    for key, entry in bound:
        body = entry.strip()[1:-1]
        lines.append(f"  - {{id: {key}, site: {SITE}, kind: sensor{', ' + body if body else ''}}}")
    return f"""
areas: [{{id: county, level: county, name: 县, timezone: UTC}}]
units: [{{id: duty-room, area: county, name: 值班室}}]
sites: [{{id: {SITE}, area: county, kind: canteen-school, name: 食堂}}]
devices:
{chr(10).join(lines)}
  - {{id: {EVIL_DEVICE}, site: {SITE}, kind: sensor, payload: homeassistant, external_id: evil}}
rules: [{{id: warm, kind: threshold, sites: [{SITE}], quantity: temperature, above: 9.9, severity: minor}}]
routes: [{{unit: duty-room}}]
"""
