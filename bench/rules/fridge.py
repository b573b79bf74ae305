"""Fridge: a simulated kitchen fridge, minute by minute: compressor turns, doors at meal times, defrosting, and faults.

Simulated, because no real days of kitchens are at hand; every benchmark that uses it says so. Heat flows in through the
walls (a time constant of about four hours) and, twenty times as fast, through an open door; the compressor runs between
5 and 3 °C; every eight hours it rests and a heater defrosts for 22 minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

STEP = 10.0
"""Seconds of one step; a value is reported every minute."""
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, from `begin` to `end` (seconds).

    `kind`: dead (compressor), ajar (door left open a little), weak (half the cooling), drift (of the probe, 0.4 °C/h),
    frozen (probe repeats its value), noisy (probe errs by 0.8 °C).
    """

    kind: str
    begin: float
    end: float


@dataclass
class Fridge:
    """One fridge; `seed` says how it differs from others."""

    seed: int
    faults: tuple[Fault, ...] = ()

    def values(self, days: float) -> Iterator[tuple[float, float]]:
        """(second, °C) each minute."""
        dice = random.Random(self.seed)  # noqa: S311 - a simulation, repeatable
        wall, cool = dice.uniform(3.6, 4.8) * HOUR, dice.uniform(13, 17) / HOUR
        first = dice.uniform(0, 8) * HOUR
        air, running, shown, doors = 4.0, False, 4.0, list[tuple[float, float]]()
        for day in range(int(days) + 1):
            for meal, many in ((6.5, 5), (11, 10), (17, 8)):
                for _ in range(many if day % 7 < 5 else 1):
                    at = day * DAY + (meal + dice.gauss(0, 0.5)) * HOUR
                    doors.append((at, at + dice.uniform(8, 45)))
        doors.sort()
        opened = 0
        for n in range(int(days * DAY / STEP)):
            now = n * STEP
            room = 22 + 4 * (8 < (now % DAY) / HOUR < 19)
            while opened < len(doors) and doors[opened][1] <= now:
                opened += 1
            door = opened < len(doors) and doors[opened][0] <= now
            defrosting = (now - first) % (8 * HOUR) < 22 * 60 and now > first
            running = not defrosting and (air > 5 or (running and air > 3))
            cooling = cool * (0 if self._is("dead", now) else 0.5 if self._is("weak", now) else 1)
            flow = (room - air) / wall * (20 if door else 3.5 if self._is("ajar", now) else 1)
            air += STEP * (flow - cooling * running + (5.5 / HOUR if defrosting else 0))
            if n % 6 == 0:
                drift = sum(
                    0.4 * (now - each.begin) / HOUR
                    for each in self.faults
                    if each.kind == "drift" and now >= each.begin
                )
                seen = air + drift + dice.gauss(0, 0.8 if self._is("noisy", now) else 0.06)
                shown = shown if self._is("frozen", now) else round(seen, 1)
                yield now, shown

    def _is(self, kind: str, now: float) -> bool:
        return any(each.kind == kind and each.begin <= now < each.end for each in self.faults)
