"""Drift: whether what cameras show where conditions are taught is still what was taught there.

Every other minute the region is cut out of the newest keyframe, whether the gate is open or not; the last five together
(detectors/teach/drift.py) tell whether the camera was moved or the scene became another one. Who stands in front for
less than half of the time changes nothing. One region a step: no camera waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detectors.teach.drift import TOGETHER, small
from detectors.teach.region import Picture
from detectors.teach.taught import TaughtCondition
from hub.worker.taught import TaughtConditions
from hub.worker.watch import Watch
from ingest.errors import HubError

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=2)
"""Between two pictures of one region."""
FRESH = timedelta(minutes=1)
"""A keyframe that is older shows what was."""

Key = tuple[str, str]
"""(device, folder of the taught condition)"""


@dataclass(slots=True)
class _Region:
    """One condition at one camera.

    Attributes:
        condition: The version that looks there now.
        since: Nothing older than this counts.
        crops: The last five, small.
        at: When the last one was cut.
        message: What is not as it was taught, empty while all is well.
    """

    condition: TaughtCondition
    since: datetime
    crops: deque[Picture] = field(default_factory=lambda: deque(maxlen=TOGETHER))
    at: datetime | None = None
    message: str = ""

    def is_due(self, now: datetime) -> bool:
        return self.at is None or abs(now - self.at) >= EVERY


class Drift:
    """All regions of the cameras that `watches` gives. One thread steps, any thread asks."""

    def __init__(self, watches: Callable[[], Iterable[Watch]], taught: TaughtConditions) -> None:
        self._watches = watches
        self._taught = taught
        self._regions: dict[Key, _Region] = {}
        self._lock = threading.Lock()

    def step(self, now: datetime) -> None:
        """Look at the region that has waited longest, if one is due."""
        watches = {watch.task.device: watch for watch in self._watches() if watch.taught}
        wanted = {
            (device, name): condition
            for device, watch in watches.items()
            for name in sorted(watch.taught)
            if (condition := self._taught.get(name)) is not None and condition.has_place
        }
        self._keep(wanted, now)
        due = [(each.at or each.since, key) for key, each in self._regions.items() if each.is_due(now)]
        if due:
            key = min(due)[1]
            self._look(key, watches[key[0]], now)

    def messages(self, device: str) -> tuple[str, ...]:
        """What is not as it was taught at this camera; empty while all is well, or not known yet."""
        with self._lock:
            found = sorted(self._regions.items())
        return tuple(f"{key[1]}: {each.message}" for key, each in found if key[0] == device and each.message)

    def _keep(self, wanted: Mapping[Key, TaughtCondition], now: datetime) -> None:
        """A new version, or a camera that is new, begins anew."""
        with self._lock:
            self._regions = {
                key: known
                if (known := self._regions.get(key)) is not None and known.condition is condition
                else _Region(condition, now)
                for key, condition in wanted.items()
            }

    def _look(self, key: Key, watch: Watch, now: datetime) -> None:
        region = self._regions[key]
        region.at = now
        if watch.health(now).state != "online" or watch.off_preset(now):
            return  # it says so itself
        frame = watch.camera.latest_keyframe()
        if frame is None or frame.at < max(region.since, now - FRESH):
            return
        try:
            region.crops.append(small(region.condition.region.cut(frame.image)))
        except HubError as wrong:
            region.message = str(wrong)
            return
        if len(region.crops) < TOGETHER:
            return
        change = region.condition.drift(tuple(region.crops))
        said = change.what.en if change is not None and change.what is not None else ""
        if said and not region.message:
            log.warning("camera %s, taught condition %s: %s", *key, said)
        region.message = said and f"{said} ({region.condition.false_warnings})"
