"""Camera health over an hour of normal video, and over true faults: false alarms per hour, seconds until found.

    python -m bench.video.health [--minutes 60] [FILE ...]

Real footage (build/footage, and what is given) is decoded once and played round and round as glances, one in 5 s, with
its time as it would be: an hour takes seconds. Light, weather, people and faults are composed on it (bench/video/
scenes.py). Prints a line for each and exits 1 when a normal scene raised anything or a fault was missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bench.video.scenes import FAULTS, NORMAL, Change, Grey, frozen, noisy, pictures
from detectors.fault import Stream, faults
from detectors.health import Health, shipped
from ingest.glance import Glance

BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""Ten in the morning in China: nothing is quiet by the hour."""
EVERY = 5.0
"""Seconds between two glances that a worker judges."""
BEFORE = 300.0
"""Seconds of normal video before a fault."""
ROOT = Path(__file__).parents[2]
FOOTAGE = (ROOT / "build" / "footage", ROOT.parent / "shared" / "footage")
CUT = frozenset({"crossroad-3-cam.mp4", "bikes.mp4"})
"""Footage with cuts between cameras: no single camera sees that."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A fault that was raised: its word, and how many seconds after the beginning."""

    fault: str
    after: float


class Player:
    """Glances of one clip through the health of one camera."""

    def __init__(
        self, clip: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], rate: float, seed: int = 1
    ) -> None:
        self._clip, self._rate = clip, rate
        self._chance = np.random.default_rng(seed)
        self.health = Health((shipped(word) for word in faults()), BEGIN, ZoneInfo("Asia/Shanghai"))
        self.seconds = 0.0
        self._active: set[str] = set()
        self.glances = 0

    def picture(self) -> Grey:
        """What the clip shows now."""
        index = int(self.seconds * 1.0137 * self._rate) % len(self._clip)  # not the same picture each round
        return np.asarray(self._clip[index])

    def play(self, seconds: float, change: Change) -> list[Raised]:
        """Go on for so long; what is raised meanwhile."""
        begin, raised = self.seconds, list[Raised]()
        while self.seconds < begin + seconds:
            self.seconds += EVERY
            at = BEGIN + timedelta(seconds=self.seconds)
            grey = change(self.picture(), self.seconds - begin, self._chance)
            self.health.glance(Glance("camera", self.seconds, at, grey))
            self.health.stream(Stream(at, 25.0, 0.1, "rtcp"))
            self.glances += 1
            active = {each.fault for each, level in self.health.levels(at) if level.state == "active"}
            raised += [Raised(word, self.seconds - begin) for word in sorted(active - self._active)]
            self._active = active
        return raised


def clips(given: Sequence[Path]) -> Iterable[Path]:
    """The footage there is; nothing cut together."""
    found = [path for path in given or FOOTAGE if path.exists()]
    for path in found:
        yield from sorted(path.glob("*.mp4")) if path.is_dir() else [path]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 when nothing was raised wrongly and nothing missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.video.health", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="of each normal scene")
    parser.add_argument(
        "files", nargs="*", type=Path, help="clips, or folders of clips, instead of the footage"
    )
    asked = parser.parse_args(arguments)
    wrong, hours, missed, begun, glances = 0, 0.0, 0, time.process_time(), 0
    for path in clips(asked.files):
        if path.name in CUT and not asked.files:
            print(f"{path.name}: left out, it is cut together from several cameras")
            continue
        clip, rate = pictures(path)
        for name, change in NORMAL.items():
            player = Player(clip, rate)
            raised = player.play(asked.minutes * 60, change)
            hours += asked.minutes / 60
            wrong += len(raised)
            glances += player.glances
            said = ", ".join(f"{each.fault} after {each.after:.0f} s" for each in raised)
            print(f"{path.name:40} {name:28} {len(raised)} false alarms {said}")
        still = clip[len(clip) // 2]
        for name, (word, change) in {**FAULTS, "frozen": ("frozen", frozen(still))}.items():
            player = Player(clip, rate)
            early = player.play(BEFORE, noisy)
            limit = shipped(word).raise_after.total_seconds()
            raised = player.play(limit + 60, change)
            glances += player.glances
            found = next((each.after for each in raised if each.fault == word), None)
            others = [each.fault for each in (*early, *raised) if each.fault != word]
            missed += found is None
            result = "MISSED" if found is None else f"found after {found:.0f} s (must last {limit:.0f} s)"
            print(f"{path.name:40} {name:28} {result}{' also ' + ', '.join(others) if others else ''}")
    if not glances:
        print("no footage: python scripts/fetch_footage.py, or name files", file=sys.stderr)
        return 2
    cost = (time.process_time() - begun) / glances * 1000
    print(f"{wrong} false alarms in {hours:.0f} h of normal video; {missed} faults missed")
    print(f"{cost:.2f} ms CPU a glance, composing the scenes included")
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
