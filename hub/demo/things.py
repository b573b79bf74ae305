"""Things: the demo's sensors, each speaking exactly as such devices do in the field. Pure.

A thing is told the time and its place in the day and answers with MQTT messages. Nothing here knows the hub.
Sources of the shapes: the documentation of each convention, as named in ingest/payloads.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.demo.courses import Course
from ingest.instant import format_instant

LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, as it is published."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One sending.

    Attributes:
        t: Seconds since the day began, as planned: what the course is asked.
        at: The true time of sending (UTC): what the message says.
        n: Which sending of this thing it is, from 0.
        chance: This sending's own, from the seed.
    """

    t: float
    at: datetime
    n: int
    chance: random.Random

    def noisy(self, course: Course, sigma: float, digits: int) -> float:
        """The course's value with the sensor's noise, rounded as the sensor rounds."""
        return round(course(self.t) + self.chance.gauss(0, sigma), digits)


class Thing(Protocol):
    """One sensor, or one gateway with several."""

    @property
    def every(self) -> float:
        """Seconds between sendings."""

    @property
    def devices(self) -> tuple[str, ...]:
        """Registry ids of the devices that speak through it."""

    def hello(self, at: datetime) -> list[Outgoing]:
        """What it sends once, when it connects."""

    def send(self, turn: Turn) -> list[Outgoing]:
        """What it sends at its turn; nothing when it is silent."""


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Native:
    """The hub's own convention; `values` are courses with (noise, digits)."""

    device: str
    site: str
    every: float
    values: Mapping[str, tuple[Course, float, int]]

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """It is there."""
        return [Outgoing(f"hub/v1/{self.site}/{self.device}/status", b"online", retain=True)]

    def send(self, turn: Turn) -> list[Outgoing]:
        """Its values with their time."""
        values = {
            name: turn.noisy(course, sigma, digits) for name, (course, sigma, digits) in self.values.items()
        }
        body = {"ts": turn.at.astimezone(LOCAL).isoformat(timespec="milliseconds"), "values": values}
        return [Outgoing(f"hub/v1/{self.site}/{self.device}/telemetry", _json(body))]


@dataclass(frozen=True)
class ZigbeeClimate:
    """A temperature and humidity sensor behind Zigbee2MQTT (`last_seen: ISO_8601_local`)."""

    device: str
    friendly: str
    every: float
    temperature: Course

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Zigbee2MQTT says that it answers."""
        return [Outgoing(f"zigbee2mqtt/{self.friendly}/availability", b'{"state":"online"}', retain=True)]

    def send(self, turn: Turn) -> list[Outgoing]:
        """All exposed values, as Zigbee2MQTT always sends them together."""
        body = {
            "battery": 100 - min(turn.n // 400, 60),
            "humidity": round(52 + turn.chance.gauss(0, 1.2), 2),
            "last_seen": turn.at.astimezone(LOCAL).isoformat(timespec="seconds"),
            "linkquality": turn.chance.randint(96, 140),
            "temperature": turn.noisy(self.temperature, 0.06, 2),
            "voltage": 3045 - turn.n // 40,
        }
        return [Outgoing(f"zigbee2mqtt/{self.friendly}", _json(body))]


@dataclass(frozen=True)
class ZigbeeDoor:
    """A contact at a door behind Zigbee2MQTT; `contact: false` means open, the battery comes as a text."""

    device: str
    friendly: str
    every: float
    is_open: Course

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Zigbee2MQTT says that it answers."""
        return [Outgoing(f"zigbee2mqtt/{self.friendly}/availability", b'{"state":"online"}', retain=True)]

    def send(self, turn: Turn) -> list[Outgoing]:
        """The contact with what its firmware adds."""
        body = {
            "battery": "97.00",
            "contact": not self.is_open(turn.t),
            "device_temperature": 24,
            "last_seen": turn.at.astimezone(LOCAL).isoformat(timespec="seconds"),
            "linkquality": turn.chance.randint(60, 90),
            "power_outage_count": 3,
            "voltage": 3005,
        }
        return [Outgoing(f"zigbee2mqtt/{self.friendly}", _json(body))]


@dataclass(frozen=True)
class TasmotaProbe:
    """A DS18B20 on a Tasmota plug: local time without a zone, STATE now and then, LWT retained."""

    device: str
    topic: str
    every: float
    temperature: Course

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Its LWT topic says Online."""
        return [Outgoing(f"tele/{self.topic}/LWT", b"Online", retain=True)]

    def send(self, turn: Turn) -> list[Outgoing]:
        """SENSOR each time, STATE every tenth."""
        time = turn.at.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M:%S")
        temperature = turn.noisy(self.temperature, 0.07, 1)
        sensor = {
            "Time": time,
            "DS18B20": {"Id": "3C01F0957A2B", "Temperature": temperature},
            "TempUnit": "C",
        }
        found = [Outgoing(f"tele/{self.topic}/SENSOR", _json(sensor))]
        if turn.n % 10 == 0:
            wifi = {"AP": 1, "SSId": "canteen", "BSSId": "A0:B7:65:C4:D2:F1", "Channel": 6, "Mode": "11n",
                    "RSSI": 76, "Signal": -62, "LinkCount": 1, "Downtime": "0T00:00:03"}  # fmt: skip
            state = {"Time": time, "Uptime": "12T03:44:10", "UptimeSec": 1050250, "Heap": 25,
                     "SleepMode": "Dynamic", "Sleep": 50, "LoadAvg": 19, "MqttCount": 1, "POWER": "ON",
                     "Wifi": wifi}  # fmt: skip
            found.append(Outgoing(f"tele/{self.topic}/STATE", _json(state)))
        return found


@dataclass(frozen=True)
class GatewayChild:
    """One device behind a ThingsBoard gateway."""

    device: str
    name: str
    values: Mapping[str, tuple[Course, float, int]]


@dataclass(frozen=True)
class ThingsBoardGateway:
    """Several devices in one message, Unix milliseconds."""

    children: tuple[GatewayChild, ...]
    every: float

    @property
    def devices(self) -> tuple[str, ...]:
        """Its children."""
        return tuple(each.device for each in self.children)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """It announces its children."""
        return [Outgoing("v1/gateway/connect", _json({"device": each.name})) for each in self.children]

    def send(self, turn: Turn) -> list[Outgoing]:
        """All children at once."""
        ts = round(turn.at.timestamp() * 1000)
        body = {}
        for child in self.children:
            values: dict[str, object] = {}
            for name, (course, sigma, digits) in child.values.items():
                value = turn.noisy(course, sigma, digits)
                values[name] = value if digits else bool(value > 0)
            body[child.name] = [{"ts": ts, "values": values}]
        return [Outgoing("v1/gateway/telemetry", _json(body))]


@dataclass(frozen=True)
class Lora:
    """A LoRaWAN node behind ChirpStack v4, with a codec; `silent` says when it does not send."""

    device: str
    name: str
    dev_eui: str
    application: str
    every: float
    values: Mapping[str, tuple[Course, float, int]]
    silent: Course = field(default=lambda _t: 0.0)

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Nothing: it joined long ago."""
        return []

    def send(self, turn: Turn) -> list[Outgoing]:
        """An uplink, with its radio, as the network server publishes it."""
        if self.silent(turn.t):
            return []
        values = {
            name: turn.noisy(course, sigma, digits) for name, (course, sigma, digits) in self.values.items()
        }
        rssi = turn.chance.randint(-98, -71)
        body = {
            "deduplicationId": str(uuid.UUID(int=turn.chance.getrandbits(128), version=4)),
            "time": format_instant(turn.at).replace("Z", "+00:00"),
            "deviceInfo": {
                "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
                "tenantName": "ChirpStack",
                "applicationId": self.application,
                "applicationName": "county",
                "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
                "deviceProfileName": "CN470",
                "deviceName": self.name,
                "devEui": self.dev_eui,
                "deviceClassEnabled": "CLASS_A",
                "tags": {},
            },
            "devAddr": "00189440",
            "adr": True,
            "dr": 3,
            "fCnt": turn.n,
            "fPort": 2,
            "confirmed": False,
            "data": base64.b64encode(turn.chance.randbytes(6)).decode(),
            "object": values,
            "rxInfo": [
                {
                    "gatewayId": "0016c001f153a14c",
                    "uplinkId": turn.chance.getrandbits(31),
                    "rssi": rssi,
                    "snr": round(turn.chance.uniform(6, 12), 1),
                    "crcStatus": "CRC_OK",
                }
            ],
            "txInfo": {
                "frequency": 486700000,
                "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 9, "codeRate": "CR_4_5"}},
            },
        }
        return [Outgoing(f"application/{self.application}/device/{self.dev_eui}/event/up", _json(body))]


@dataclass(frozen=True)
class EspHome:
    """An ESPHome node: announced by Home Assistant discovery (abbreviated), plain numbers as states."""

    device: str
    node: str
    mac: str
    every: float
    object_id: str
    device_class: str
    unit: str
    value: Course
    sigma: float
    digits: int

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Its announcement and its birth message, both retained."""
        config = {
            "dev_cla": self.device_class,
            "unit_of_meas": self.unit,
            "stat_cla": "measurement",
            "name": self.object_id.replace("_", " ").title(),
            "stat_t": f"{self.node}/sensor/{self.object_id}/state",
            "avty_t": f"{self.node}/status",
            "uniq_id": f"ESPsensor{self.mac}{self.object_id}",
            "dev": {
                "ids": self.mac,
                "name": self.node,
                "sw": "esphome v2024.6.0",
                "mdl": "esp32dev",
                "mf": "espressif",
            },
        }
        return [
            Outgoing(f"homeassistant/sensor/{self.node}/{self.object_id}/config", _json(config), retain=True),
            Outgoing(f"{self.node}/status", b"online", retain=True),
        ]

    def send(self, turn: Turn) -> list[Outgoing]:
        """The bare number."""
        value = turn.noisy(self.value, self.sigma, self.digits)
        state = f"{value:.{self.digits}f}".encode()
        return [Outgoing(f"{self.node}/sensor/{self.object_id}/state", state)]


@dataclass(frozen=True)
class IotdaCabinet:
    """A cabinet that speaks Huawei IoTDA: services with compact UTC times."""

    device: str
    device_id: str
    every: float
    temperature: Course

    @property
    def devices(self) -> tuple[str, ...]:
        """The one."""
        return (self.device,)

    def hello(self, at: datetime) -> list[Outgoing]:  # noqa: ARG002 - one signature for all things
        """Nothing."""
        return []

    def send(self, turn: Turn) -> list[Outgoing]:
        """Two services in one report."""
        time = turn.at.strftime("%Y%m%dT%H%M%SZ")
        inside = {"temperature": turn.noisy(self.temperature, 0.08, 1)}
        services = [
            {"service_id": "Cabinet", "properties": inside, "event_time": time},
            {"service_id": "Supply", "properties": {"battery": 96}, "event_time": time},
        ]
        topic = f"$oc/devices/{self.device_id}/sys/properties/report"
        return [Outgoing(topic, _json({"services": services}))]
