"""Fault `wrong-time`: the camera's clock is wrong, as far as the camera lets anybody know.

Its sender reports (RTCP) and its own answer (ONVIF) tell the clock itself. Without either, only the pace of its time
stamps is seen: a clock that is wrong and runs well cannot be found then, and the explanation says so.
"""

from __future__ import annotations

from datetime import timedelta

from detectors.fault import UNTOLD, Clock, Judged, Seen
from detectors.signal import Severity
from ingest.text import Text

CONDITION = "camera-clock-wrong"
SEVERITY: Severity = "info"
NAME = Text("摄像机时钟错误", "the camera's clock is wrong")
RAISE_AFTER = timedelta(minutes=2)
CLEAR_AFTER = timedelta(minutes=1)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "stream"

LIMIT = 30.0
"""Seconds."""
HALF = 20.0
"""Seconds below which it is right again."""

SOURCES: dict[Clock, Text] = {
    "rtcp": Text("RTCP 发送方报告", "its RTCP sender reports"),
    "onvif": Text("ONVIF 系统时间", "its ONVIF system time"),
    "media": Text(
        "视频时间戳的快慢，时钟本身不可见", "the pace of its time stamps; its clock cannot be seen"
    ),
}


def judge(seen: Seen) -> Judged:
    """Whether the camera's clock is more than half a minute off."""
    if seen.stream is None or seen.stream.offset is None or seen.stream.clock is None:
        return UNTOLD
    off = seen.stream.offset
    source = SOURCES[seen.stream.clock]
    side = Text("快", "ahead") if off > 0 else Text("慢", "behind")
    what = Text(
        f"摄像机时钟{side.zh} {abs(off):.0f} 秒（依据：{source.zh}）",
        f"the camera's clock is {abs(off):.0f} s {side.en} (told by {source.en})",
    )
    verdict = True if abs(off) > LIMIT else False if abs(off) < HALF else None
    return Judged(verdict=verdict, value=round(off, 1), limit=LIMIT, what=what)
