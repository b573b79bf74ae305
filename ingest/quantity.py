"""Quantity: what is measured, the one unit it is stored in, and the many names devices give it.

`config/quantities.yaml` is the same table for people (a test keeps the two in step).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity.

    Attributes:
        word: What readings and rules carry.
        unit: As stored; empty for true/false.
        low: Below this a value is absurd.
        high: Above this a value is absurd.
        boolean: Stored as 0.0 and 1.0.
    """

    word: str
    unit: str
    low: float
    high: float
    boolean: bool = False


def _table() -> Mapping[str, Quantity]:
    numbers = (
        Quantity("temperature", "°C", -80, 600),
        Quantity("humidity", "%", 0, 100),
        # a detector over its range or drifting below zero must still be heard
        Quantity("gas", "%LEL", -10, 200),
        Quantity("co", "ppm", -10, 10_000),
        Quantity("water_level", "m", -100, 10_000),
        Quantity("flow", "m³/s", -1_000, 100_000),
        Quantity("rain", "mm", 0, 2_000),
        Quantity("wind", "m/s", 0, 120),
        Quantity("battery", "%", 0, 100),
        Quantity("power", "W", -1_000_000, 1_000_000),
        Quantity("tilt", "°", -180, 180),
        Quantity("noise", "dB", 0, 200),
        Quantity("pm2_5", "µg/m³", 0, 10_000),
    )
    booleans = (
        "smoke", "gas_alarm", "co_alarm", "door", "water_leak", "motion", "button", "mains",
        # what cameras and boxes see; of kinds, never of identities
        "person", "vehicle", "animal", "intrusion", "line_crossing", "loitering", "fire", "tamper", "video_loss",
        "device_alarm",
    )  # fmt: skip
    return {
        **{each.word: each for each in numbers},
        **{word: Quantity(word, "", 0, 1, boolean=True) for word in booleans},
    }


QUANTITIES: Mapping[str, Quantity] = _table()

ALARM_OF: Mapping[str, str] = {"gas": "gas_alarm", "co": "co_alarm"}
"""A detector that says true/false where another gives a number: its own quantity, never 1 %LEL."""

SYNONYMS: Mapping[str, str] = {
    # temperature
    "temp": "temperature", "temperature": "temperature", "current_temperature": "temperature",
    "air_temperature": "temperature", "indoor_temperature": "temperature", "room_temperature": "temperature",
    "environment_temperature": "temperature", "ambient_temperature": "temperature", "water_temperature": "temperature",
    "temperature_value": "temperature", "温度": "temperature",
    # humidity
    "hum": "humidity", "humi": "humidity", "humidity": "humidity", "relative_humidity": "humidity",
    "current_humidity": "humidity", "air_humidity": "humidity", "environment_humidity": "humidity",
    "ambient_humidity": "humidity", "湿度": "humidity",
    # gas
    "gas": "gas", "gas_concentration": "gas", "gas_value": "gas", "combustible_gas": "gas", "lel": "gas",
    "methane": "gas", "ch4": "gas", "lpg": "gas", "燃气": "gas", "可燃气体": "gas",
    "gas_alarm": "gas_alarm", "gas_sensor_state": "gas_alarm", "gas_detected": "gas_alarm",
    "co": "co", "co_concentration": "co", "co_value": "co", "carbon_monoxide": "co", "一氧化碳": "co",
    "co_alarm": "co_alarm", "carbon_monoxide_alarm": "co_alarm",
    "smoke": "smoke", "smoke_alarm": "smoke", "smoke_detected": "smoke", "smoke_sensor_state": "smoke", "烟雾": "smoke",
    # water
    "water_level": "water_level", "waterlevel": "water_level", "liquid_level": "water_level", "level_m": "water_level",
    "river_level": "water_level", "水位": "water_level",
    "flow": "flow", "flow_rate": "flow", "discharge": "flow", "流量": "flow",
    "rain": "rain", "rainfall": "rain", "precipitation": "rain", "雨量": "rain",
    "water_leak": "water_leak", "leak": "water_leak", "water_sensor_state": "water_leak", "flood": "water_leak",
    "wind": "wind", "wind_speed": "wind", "windspeed": "wind", "风速": "wind",
    # openings and presence; `contact` is not here: its meaning differs from convention to convention
    "door": "door", "door_open": "door", "opening": "door", "window": "door", "garage_door": "door",
    "occupancy": "motion", "motion": "motion", "presence": "motion", "pir": "motion", "movement": "motion",
    "button": "button", "emergency_button": "button", "sos": "button", "panic": "button",
    # what cameras and boxes see: the decoders of events say these words themselves
    "person": "person", "vehicle": "vehicle", "animal": "animal", "intrusion": "intrusion", "fire": "fire",
    "line_crossing": "line_crossing", "loitering": "loitering", "tamper": "tamper", "video_loss": "video_loss",
    "device_alarm": "device_alarm",
    # supply
    "battery": "battery", "battery_level": "battery", "battery_percentage": "battery", "bat": "battery",
    "battery_percent": "battery", "电量": "battery",
    "mains": "mains", "mains_power": "mains", "ac_power": "mains", "external_power": "mains",
    "external_power_source": "mains", "plug": "mains", "ac_present": "mains",
    "power": "power", "active_power": "power",
    # the rest
    "tilt": "tilt", "tilt_angle": "tilt", "angle": "tilt", "inclination": "tilt",
    "noise": "noise", "noise_level": "noise", "sound_pressure": "noise", "sound_level": "noise",
    "pm2_5": "pm2_5", "pm25": "pm2_5", "pm_2_5": "pm2_5", "pm02_5": "pm2_5",
}  # fmt: skip
"""Normalised field name → quantity."""

SUFFIXES: Mapping[str, tuple[str, frozenset[str]]] = {
    "c": ("°C", frozenset({"temperature"})),
    "f": ("°F", frozenset({"temperature"})),
    "k": ("K", frozenset({"temperature"})),
    "mm": ("mm", frozenset({"water_level", "rain"})),
    "cm": ("cm", frozenset({"water_level"})),
    "m": ("m", frozenset({"water_level"})),
    "ppm": ("ppm", frozenset({"gas", "co"})),
    "lel": ("%LEL", frozenset({"gas"})),
    "pct": ("%", frozenset({"humidity", "battery"})),
    "percent": ("%", frozenset({"humidity", "battery"})),
    "w": ("W", frozenset({"power"})),
    "kw": ("kW", frozenset({"power"})),
    "ms": ("m/s", frozenset({"wind"})),
    "kmh": ("km/h", frozenset({"wind"})),
    "db": ("dB", frozenset({"noise"})),
    "deg": ("°", frozenset({"tilt"})),
}
"""`temperature_f`, `water_level_cm`: a unit at the end of a field's name, for the quantities it makes sense for."""

GENERIC = frozenset({"value", "val", "current", "state", "level", "percentage", "percent", "reading"})
"""A last word that only says "the value": the level above names the quantity (`Temperature.value`)."""

NOT_THE_PLACE = ("esp32", "esp8266", "cpu", "chip", "device_temperature", "mcu", "board", "wifi", "internal")
"""A path that begins so is the device's own inside, not the place it watches."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_INDEX = re.compile(r"^(.{4,}?)_?\d{1,2}$")  # temperature_1, temp2; never co2


@lru_cache(maxsize=4096)
def quantity_of(field: str) -> tuple[Quantity, str | None] | None:
    """The quantity that a device's field means and the unit its name carries, or None where it means none."""
    parts = [_normal(part) for part in re.split(r"[.:/]", re.sub(r"(?i)pm2\.5", "pm25", field))]
    parts = [part for part in parts if part]
    if not parts or parts[0] in NOT_THE_PLACE or parts[-1] in NOT_THE_PLACE:
        return None
    if parts[-1] in GENERIC and len(parts) > 1:
        return _look_up("_".join(parts[-2:])) or _look_up(parts[-2])
    return _look_up(parts[-1])


def _look_up(word: str) -> tuple[Quantity, str | None] | None:
    quantity = SYNONYMS.get(word)
    if quantity is not None:
        return QUANTITIES[quantity], None
    stem, _, suffix = word.rpartition("_")
    if suffix in SUFFIXES and stem in SYNONYMS:
        unit, meant = SUFFIXES[suffix]
        if SYNONYMS[stem] in meant:
            return QUANTITIES[SYNONYMS[stem]], unit
    indexed = _INDEX.match(word)
    if indexed is not None and indexed[1] in SYNONYMS:
        return QUANTITIES[SYNONYMS[indexed[1]]], None
    return None


def _normal(part: str) -> str:
    return _OTHER.sub("_", _CAMEL.sub("_", part).lower()).strip("_")
