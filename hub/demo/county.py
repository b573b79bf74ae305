"""The demo county's sensors: which thing sends for which device of config/demo.yaml, and how its day runs."""

from __future__ import annotations

from hub.demo.courses import (
    DOOR_STANDS_OPEN,
    FRIDGE_WARMS,
    GAS_LEAKS,
    RAIN_GAUGE_SILENT,
    RIVER_RISES,
    calm,
    told,
)
from hub.demo.things import (
    EspHome,
    GatewayChild,
    IotdaCabinet,
    Lora,
    Native,
    TasmotaProbe,
    Thing,
    ThingsBoardGateway,
    ZigbeeClimate,
    ZigbeeDoor,
)

CROSSROADS = "1f0e6d5c-3b2a-4c7d-9e8f-a1b2c3d4e5f6"
RIVERS = "8a7b6c5d-4e3f-4a1b-8c9d-0e1f2a3b4c5d"

THINGS: tuple[Thing, ...] = (
    # 第一小学食堂: the opening story, a gas leak where the camera sees somebody after hours
    Native("school-1-gas", "school-1", 2, {"gas": (told(GAS_LEAKS), 0.12, 1)}),
    ZigbeeClimate("school-1-fridge", "school-1/fridge", 3, told(FRIDGE_WARMS)),
    ZigbeeDoor("school-1-door", "school-1/store-door", 5, DOOR_STANDS_OPEN),
    # 第二小学食堂
    TasmotaProbe("school-2-fridge", "school-2-fridge", 4, calm(4.1, 0.5, 70)),
    IotdaCabinet("school-2-samples", "school2_samples_01", 5, calm(5.2, 0.4, 110)),
    ThingsBoardGateway(
        (
            GatewayChild("school-2-gas", "二小燃气探测器", {"gas": (calm(0.8, 0.2), 0.1, 1)}),
            GatewayChild("school-2-smoke", "二小烟感", {"smoke": (calm(0), 0, 0)}),
        ),
        4,
    ),
    # 实验幼儿园食堂
    EspHome("school-3-freezer", "school-3-freezer", "a0b765c4d2f1", 4,
            "freezer_temperature", "temperature", "°C", calm(-18.4, 0.8, 60), 0.1, 1),
    EspHome("school-3-co", "school-3-boiler", "a0b765c4d388", 5,
            "carbon_monoxide", "carbon_monoxide", "ppm", calm(3.0, 1.0, 75), 0.3, 0),
    # crossroads
    Lora("crossroad-1-water", "underpass-water", "24e124136b502217", CROSSROADS, 6,
         {"water_level": (calm(0.03, 0.01, 120), 0.002, 3), "battery": (calm(91), 0, 0)}),
    Lora("crossroad-2-pole", "signal-pole", "24e124538c019556", CROSSROADS, 8,
         {"tilt": (calm(1.2, 0.3, 80), 0.1, 1), "battery": (calm(84), 0, 0)}),
    Lora("crossroad-3-manhole", "manhole-17", "24e124538c019a02", CROSSROADS, 8,
         {"tilt": (calm(0.6, 0.2, 100), 0.1, 1), "battery": (calm(77), 0, 0)}),
    # villages
    ThingsBoardGateway(
        (
            GatewayChild("village-1-river", "清河桥水位计", {"water_level": (told(RIVER_RISES), 0.01, 2)}),
            GatewayChild("village-1-rain", "清河桥雨量计", {"rain": (calm(6.0, 1.5, 200), 0.1, 1)}),
        ),
        4,
    ),
    Lora("village-2-rain", "reservoir-rain", "24e124454d083548", RIVERS, 5,
         {"rain": (calm(4.0, 1.0, 150), 0.1, 1), "battery": (calm(22), 0, 0)}, silent=RAIN_GAUGE_SILENT),
    Native("village-3-wind", "village-3", 3, {"wind": (calm(3.4, 1.4, 40), 0.4, 1), "battery": (calm(88), 0, 0)}),
)  # fmt: skip
