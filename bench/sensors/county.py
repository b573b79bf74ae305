"""County of the sensor benchmarks: sensors of the native convention, one rule on each."""

from __future__ import annotations

from collections.abc import Sequence

QUANTITIES = (
    "temperature", "humidity", "gas", "co", "water_level", "flow", "rain", "wind", "battery", "power", "tilt",
    "noise", "pm2_5", "smoke", "gas_alarm", "co_alarm", "door", "water_leak", "motion", "mains",
)  # fmt: skip
"""What one message says at most: twenty values."""
LIMIT = 8.0
"""The rule's: a temperature above it raises."""
SITE = "bench"


def device(number: int) -> str:
    """A sensor's id."""
    return f"bench-{number}"


def topic(number: int) -> str:
    """What it speaks on."""
    return f"hub/v1/{SITE}/{device(number)}/telemetry"


def registry(devices: int, life: Sequence[int] = ()) -> str:
    """The registry; `life`: sensors with a gas rule of life safety beside."""
    lines = [
        "areas: [{id: county, level: county, name: 县}]",
        "units: [{id: room, area: county, name: 值班室}]",
        "routes: [{unit: room}]",
        f"sites: [{{id: {SITE}, area: county, kind: canteen-school, name: 食堂}}]",
        "devices:",
        *(f"  - {{id: {device(each)}, site: {SITE}, kind: sensor}}" for each in range(devices)),
        "rules:",
        f"  - {{id: warm, kind: threshold, sites: [{SITE}], quantity: temperature, above: {LIMIT}, severity: major}}",
    ]
    lines += [
        f"  - {{id: gas-{each}, kind: threshold, devices: [{device(each)}], quantity: gas, above: 10, severity: life}}"
        for each in life
    ]
    return "\n".join(lines) + "\n"
