"""Words: how rules speak of quantities, classes, lengths of time and moments, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from ingest.text import Text

QUANTITIES: Mapping[str, Text] = {
    "temperature": Text("温度", "temperature"),
    "humidity": Text("湿度", "humidity"),
    "gas": Text("可燃气体浓度", "combustible gas"),
    "co": Text("一氧化碳浓度", "carbon monoxide"),
    "smoke": Text("烟雾", "smoke"),
    "water_level": Text("水位", "water level"),
    "flow": Text("流量", "flow"),
    "rain": Text("雨量", "rain"),
    "wind": Text("风速", "wind"),
    "door": Text("门", "door"),
    "water_leak": Text("漏水", "water leak"),
    "motion": Text("活动", "motion"),
    "button": Text("按钮", "button"),
    "person": Text("人员", "person"),
    "vehicle": Text("车辆", "vehicle"),
    "animal": Text("动物", "animal"),
    "intrusion": Text("区域入侵", "intrusion"),
    "line_crossing": Text("越界", "line crossing"),
    "loitering": Text("徘徊", "loitering"),
    "fire": Text("火焰", "flames"),
    "tamper": Text("遮挡或破坏", "tampering"),
    "video_loss": Text("视频丢失", "video loss"),
    "device_alarm": Text("设备报警", "alarm of the device"),
    "battery": Text("电量", "battery"),
    "mains": Text("市电", "mains power"),
    "power": Text("功率", "power"),
    "tilt": Text("倾角", "tilt"),
    "noise": Text("噪声", "noise"),
    "pm2_5": Text("PM2.5", "PM2.5"),
}

STATES: Mapping[tuple[str, bool], Text] = {
    ("door", True): Text("门开着", "the door is open"),
    ("door", False): Text("门关着", "the door is closed"),
    ("smoke", True): Text("检测到烟雾", "smoke is detected"),
    ("smoke", False): Text("未检测到烟雾", "no smoke is detected"),
    ("water_leak", True): Text("漏水", "water is leaking"),
    ("water_leak", False): Text("未漏水", "no water is leaking"),
    ("motion", True): Text("有活动", "there is motion"),
    ("motion", False): Text("没有活动", "there is no motion"),
    ("button", True): Text("按钮被按下", "the button is pressed"),
    ("button", False): Text("按钮未按下", "the button is not pressed"),
    ("person", True): Text("有人", "a person is there"),
    ("person", False): Text("无人", "nobody is there"),
    ("vehicle", True): Text("有车辆", "a vehicle is there"),
    ("animal", True): Text("有动物", "an animal is there"),
    ("fire", True): Text("检测到火焰", "flames are detected"),
    ("intrusion", True): Text("有人或物进入区域", "something is inside the area"),
    ("video_loss", True): Text("视频丢失", "the video is lost"),
    ("mains", True): Text("市电正常", "mains power is on"),
    ("mains", False): Text("市电中断", "mains power is off"),
}

CLASSES: Mapping[str, str] = {
    "person": "人",
    "bicycle": "自行车",
    "car": "轿车",
    "motorcycle": "摩托车",
    "bus": "客车",
    "truck": "货车",
    "boat": "船",
    "cat": "猫",
    "dog": "狗",
    "bird": "鸟",
    "backpack": "背包",
    "umbrella": "伞",
    "handbag": "手提包",
    "suitcase": "行李箱",
    "cell phone": "手机",
    "chair": "椅子",
    "bench": "长椅",
}
"""Chinese names of the classes that rules are usually about; another class is shown as the model names it."""

_LENGTHS = (
    (86_400_000, "天", "d"),
    (3_600_000, "小时", "h"),
    (60_000, "分钟", "min"),
    (1000, "秒", "s"),
)


def quantity(word: str) -> Text:
    """The quantity's name, or the word itself."""
    return QUANTITIES.get(word, Text(word, word.replace("_", " ")))


def state(word: str, value: bool) -> Text:
    """A true/false quantity in a given state."""
    known = STATES.get((word, value))
    if known is not None:
        return known
    name = quantity(word)
    return Text(f"{name.zh}为{'是' if value else '否'}", f"{name.en} is {'true' if value else 'false'}")


def classes(labels: Sequence[str]) -> Text:
    """The classes a rule looks for, as an enumeration."""
    return Text("、".join(CLASSES.get(label, label) for label in labels), " or ".join(labels))


def number(value: float, unit: str) -> str:
    """`9.3 °C`; at most six significant digits, so that no sensor noise is shown as knowledge."""
    text = f"{value:.6g}"
    return f"{text} {unit}" if unit else text


def length(span: timedelta) -> Text:
    """`90 秒`, `90 s`: in the largest unit that divides it."""
    milliseconds = round(span.total_seconds() * 1000)
    for size, zh, en in _LENGTHS:
        if milliseconds >= size and milliseconds % size == 0:
            return Text(f"{milliseconds // size} {zh}", f"{milliseconds // size} {en}")
    return Text(f"{milliseconds / 1000:g} 秒", f"{milliseconds / 1000:g} s")


def lasted(span: timedelta) -> Text:
    """`1 小时 59 分钟`, `1 h 59 min`: a measured time, in its two largest units, whole seconds."""
    left = max(0, round(span.total_seconds())) * 1000
    zh: list[str] = []
    en: list[str] = []
    for size, name_zh, name_en in _LENGTHS:
        many, left = divmod(left, size)
        if many and len(zh) < 2:
            zh.append(f"{many} {name_zh}")
            en.append(f"{many} {name_en}")
        elif zh:
            break
    return Text(" ".join(zh), " ".join(en)) if zh else Text("0 秒", "0 s")


def moment(at: datetime, zone: tzinfo = UTC) -> str:
    """`2026-11-22 16:00:05+08:00`, or with `Z` in UTC: the reader always sees whose clock it is."""
    local = at.astimezone(zone)
    text = local.isoformat(sep=" ", timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def sentence(rule: str, what: Text, since: datetime, zone: tzinfo) -> Text:
    """Which rule, what, since when."""
    when = moment(since, zone)
    return Text(f"规则 {rule}：{what.zh}，自 {when} 起", f"Rule {rule}: {what.en}, since {when}")
