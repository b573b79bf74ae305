"""What people can report by a QR code: few words that everybody knows; each is the kind of the case, for routes."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.text import Text

PUBLIC_KINDS: Mapping[str, Text] = {
    "rubbish": Text("垃圾、脏乱", "Rubbish"),
    "road-damage": Text("道路、井盖损坏", "Road or manhole damaged"),
    "water-on-road": Text("积水、漏水", "Water on the road, leak"),
    "pole-or-cable": Text("电线、杆子、树木倒伏", "Cable, pole or tree down"),
    "street-light": Text("路灯、公共设施", "Street light, public facility"),
    "illegal-parking": Text("乱停车、堵通道", "Parking that blocks the way"),
    "street-vending": Text("占道经营", "Vending on the street"),
    "noise-or-smell": Text("噪声、异味、油烟", "Noise, smell, fumes"),
    "fire-hazard": Text("消防隐患", "Fire hazard"),
    "food-safety": Text("食品安全", "Food safety"),
    "dispute": Text("矛盾纠纷", "Dispute"),
    "other": Text("其他", "Something else"),
}
