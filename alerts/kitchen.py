"""Kitchen: what an inspector wants to know in the morning: since when, and for how long something was beyond its limit.

Pure. A reading says what is until the next one, for HOLDS at the most: then nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import cast

from alerts.table import Column, Table
from alerts.working_time import DAY, Calendar
from ingest.text import Text

Json = Mapping[str, object]

HOLDS = timedelta(hours=1)
"""Longest time that one reading speaks for; sensors that report changes only are silent for less."""

FARTHEST = 400
"""Days back at most: longer than any school holiday."""

TO_CLEAN = frozenset({"camera-greasy", "camera-blurred", "camera-covered"})
"""Open conditions of a camera that somebody can wipe or uncover."""

BLIND = frozenset({"camera-offline", "camera-black", "camera-frozen", "camera-moved"})
"""Open conditions of a camera that shows nothing of use."""

NOTHING = timedelta(0)


def last_working_day(now: datetime, calendar: Calendar) -> datetime:
    """When the last working day before today ended (UTC), by the calendar's holidays, make-up days and terms.

    Today is never meant: who asks at noon and who asks in the evening hears of the same time.
    """
    today = now.astimezone(calendar.zone).date()
    closes = calendar.hours[-1][1]
    days = (today - DAY * back for back in range(1, FARTHEST + 1))
    day = next((each for each in days if calendar.works(each)), today - DAY * FARTHEST)
    return (datetime.combine(day, time()) + closes).replace(tzinfo=calendar.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a rule says of one device: beyond `above`, or below `below`, in the quantity's stored unit."""

    device: str
    rule: str
    quantity: str
    above: float | None = None
    below: float | None = None

    def passed(self, value: float) -> bool:
        """Whether a value is beyond it; the limit itself is not."""
        return (self.above is not None and value > self.above) or (
            self.below is not None and value < self.below
        )

    def worse(self, one: float, other: float) -> float:
        """The value that is farther beyond it, or nearer to it."""
        return max(one, other) if self.above is not None else min(one, other)


@dataclass(frozen=True, slots=True)
class Beyond:
    """How long a device was beyond a limit.

    Attributes:
        minutes: Beyond it.
        known: Minutes of which anything is known.
        worst: The value farthest beyond (or nearest to) the limit, None without a reading.
        latest: The newest value, None without a reading.
    """

    minutes: float = 0.0
    known: float = 0.0
    worst: float | None = None
    latest: float | None = None


def beyond(
    readings: Iterable[tuple[datetime, float]], limit: Limit, *, start: datetime, end: datetime
) -> Beyond:
    """From good readings in the order of their time; those up to HOLDS before `start` still speak for it."""
    rows = [each for each in readings if start - HOLDS < each[0] < end]
    passed, known = NOTHING, NOTHING
    worst: float | None = None
    following = [*(at for at, _ in rows[1:]), end]
    for (at, value), until in zip(rows, following, strict=False):
        spoken = min(until, at + HOLDS, end) - max(at, start)
        if spoken <= NOTHING:
            continue
        known += spoken
        worst = value if worst is None else limit.worse(worst, value)
        if limit.passed(value):
            passed += spoken
    latest = rows[-1][1] if rows else None
    return Beyond(_minutes(passed), _minutes(known), worst, latest)


def _minutes(length: timedelta) -> float:
    return round(length / timedelta(minutes=1), 1)


def row(report: Json) -> dict[str, object]:
    """One kitchen in the list of kitchens."""
    incidents = cast("Json", report["incidents"])
    cameras = cast("Mapping[str, Sequence[object]]", report["cameras"])
    limits = cast("Sequence[Mapping[str, float]]", report["limits"])
    return {
        "site": report["site"],
        "name": report["name"],
        "area": report["area"],
        "since": report["since"],
        "raised": incidents["raised"],
        "open": incidents["open"],
        "cases": len(cast("Sequence[object]", report["cases"])),
        "minutes_beyond": round(sum(each["minutes"] for each in limits), 1),
        "silent": len(cast("Sequence[object]", report["silent"])),
        "blind": len(cameras["blind"]),
        "to_clean": len(cameras["to_clean"]),
    }


def table(rows: Iterable[Json]) -> Table:
    """The list of kitchens as a sheet."""
    figures = (
        ("raised", Text("告警", "Raised")),
        ("open", Text("未消除", "Still open")),
        ("cases", Text("未结案", "Live cases")),
        ("minutes_beyond", Text("超限分钟", "Minutes beyond limits")),
        ("silent", Text("失联传感器", "Silent sensors")),
        ("blind", Text("失明摄像机", "Blind cameras")),
        ("to_clean", Text("待清洁摄像机", "Cameras to clean")),
    )
    return Table(
        Text("后厨", "Kitchens"),
        (
            Column(Text("编号", "Id"), width=20),
            Column(Text("名称", "Chinese name"), width=24),
            Column(Text("英文名称", "Name"), width=24),
            Column(Text("区域", "Area"), width=16),
            Column(Text("自", "Since"), width=26),
            *(Column(head, "number" if key == "minutes_beyond" else "count") for key, head in figures),
        ),
        tuple(
            (
                str(each["site"]),
                *(str(cast("Json", each["name"])[language]) for language in ("zh", "en")),
                str(each["area"]),
                str(each["since"]),
                *(cast("float", each[key]) for key, _ in figures),
            )
            for each in rows
        ),
    )
