"""Limit: the time a step may take: around the clock (`4h`), in working hours (`4wh`) or working days (`2wd`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ingest.duration import format_duration, parse_duration

Counted = Literal["clock", "working-hours", "working-days"]

MOST_DAYS = 3660
"""Longer limits (ten years, or as many working days) are a slip of the pen."""

_WORKING = re.compile(r"(\d+(?:\.\d+)?)\s*(wh|wd)")
_FORMS = "write 30m, 4h, 4wh (working hours, 工作时) or 2wd (working days, 工作日)"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and what it is counted in.

    Attributes:
        length: Time; for working days a day counts 24 h here, and what the calendar opens that day in truth.
        counted: `clock` around the clock, `working-hours`, or `working-days`.
    """

    length: timedelta
    counted: Counted = "clock"

    def __str__(self) -> str:
        """As parse_limit() reads it: `4h`, `4wh`, `2wd`."""
        if self.counted == "working-hours":
            return f"{self.length / timedelta(hours=1):.12g}wh"
        if self.counted == "working-days":
            return f"{self.length / timedelta(days=1):.12g}wd"
        return format_duration(self.length)


def parse_limit(value: object) -> Limit:
    """The limit that `value` names; a Limit passes through. ValueError names the accepted forms."""
    if isinstance(value, Limit):
        return value
    text = str(value).strip()
    found = _WORKING.fullmatch(text)
    try:
        if found is None:
            limit = Limit(parse_duration(value))
        elif found[2] == "wh":
            limit = Limit(timedelta(hours=float(found[1])), "working-hours")
        else:
            limit = Limit(timedelta(days=float(found[1])), "working-days")
    except (ValueError, OverflowError) as wrong:
        raise ValueError(f"{value!r} is not a limit; {_FORMS}") from wrong
    if limit.length > timedelta(days=MOST_DAYS):
        raise ValueError(f"{value!r} is too long for a limit; at most {MOST_DAYS}d")
    return limit
