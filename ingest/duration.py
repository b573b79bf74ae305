"""Duration: a length of time as people write it: `500ms`, `30s`, `10m`, `4h`, `2d`."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(value: object) -> timedelta:
    """The length that `value` names; a timedelta passes through. ValueError names the accepted forms."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{value!r} is not a duration; write 30s, 10m, 4h or 2d")
    return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts))


def format_duration(length: timedelta) -> str:
    """The shortest text that parse_duration() reads back: `90s`, `10m`, `1500ms`."""
    milliseconds = round(length.total_seconds() * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
