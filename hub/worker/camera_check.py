"""Camera check: the health of one camera, from its glances (the reader's thread) and its figures (the ticks)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from detectors.emitter import Source
from detectors.fault import Clock, Stream, faults
from detectors.health import Health, Watched
from detectors.rule import Level, RuleParams
from detectors.usual import Usual
from ingest.glance import Glance
from ingest.text import Text
from ingest.video.health import CameraHealth

KIND = "camera-health"
EVERY = timedelta(seconds=4.5)
"""Between two glances that are judged: faults last minutes, and every camera has this cost."""
FAREWELL = timedelta(seconds=30)
"""For so long a fault that is no longer watched is said to be over, so that no incident of it stays open."""
SHORTEST = timedelta(minutes=1)
"""The pace of time stamps tells nothing before."""

Said = tuple[RuleParams, Source, Level]


class CameraCheck:
    """One camera; thread-safe."""

    def __init__(self, device: str, watched: Sequence[Watched], zone: ZoneInfo, at: datetime) -> None:
        self._device = device
        self._lock = threading.Lock()
        self._health = Health(watched, at, zone)
        self._watched = tuple(watched)
        self._gone: dict[str, tuple[Watched, datetime]] = {}
        self._judged_at: datetime | None = None
        self._measured_at: datetime | None = None
        self._began: tuple[float, datetime] | None = None
        self._pace: float | None = None
        self._told: float | None = None
        self._names: dict[Watched, tuple[RuleParams, Source]] = {}
        self.errors = 0

    def change(self, watched: Sequence[Watched], zone: ZoneInfo, at: datetime, *, same_view: bool) -> None:
        """Watch these from now on; `same_view` is false when the stream or the zones are others."""
        with self._lock:
            for each in self._watched:
                if each.id not in {other.id for other in watched}:
                    self._gone[each.id] = (each, at)
            self._watched = tuple(watched)
            self._names = {}
            self._health.watch(watched, at, zone)
            if not same_view:
                self._health.forget_view()

    @property
    def usual(self) -> Usual:
        """What was learned of the view."""
        with self._lock:
            return self._health.usual

    def remember(self, usual: Usual) -> None:
        """What was learned before the worker was started anew."""
        with self._lock:
            self._health.remember(usual)

    def glance(self, glance: Glance) -> None:
        """One more; those between are left out."""
        with self._lock:
            last = self._judged_at
            if last is not None and timedelta(0) <= glance.at - last < EVERY:
                return
            self._judged_at = glance.at
            if self._began is None or glance.pts < self._began[0] or glance.at < self._began[1]:
                self._began = (glance.pts, glance.at)  # another session, or our clock was set back
            lasted = glance.at - self._began[1]
            self._pace = glance.pts - self._began[0] - lasted.total_seconds() if lasted >= SHORTEST else None
            if self._watched:
                self._health.glance(glance)

    def told(self, offset: float | None) -> None:
        """What the camera answered when it was asked for its time: seconds ahead of ours."""
        with self._lock:
            self._told = offset

    def tick(self, now: datetime, seen: CameraHealth) -> list[Said]:
        """What holds now; a camera that gives no picture is known as such, and nothing else is said of it."""
        with self._lock:
            if seen.state != "online":
                self._began = None
            elif self._measured_at is None or now < self._measured_at or now - self._measured_at >= EVERY:
                self._measured_at = now
                self._health.stream(self._stream(now, seen))
            levels = [
                (each, level if seen.state == "online" else _unknown(level, now))
                for each, level in self._health.levels(now)
                if seen.state == "online" or level.state == "active"
            ]
            self._gone = {key: each for key, each in self._gone.items() if now - each[1] < FAREWELL}
            levels += [(each, _over(now)) for each, _ in self._gone.values()]
        # What is still unknown is not said: nothing was raised by it.
        return [self._said(each, level) for each, level in levels if _is_worth(level, seen)]

    def _said(self, watched: Watched, level: Level) -> Said:
        name = self._names.get(watched)
        if name is None:
            name = self._names[watched] = _named(self._device, watched)
        return *name, level

    def _stream(self, now: datetime, seen: CameraHealth) -> Stream:
        sources: tuple[tuple[Clock, float | None], ...] = (
            ("rtcp", seen.clock_offset),
            ("onvif", self._told),
            ("media", self._pace),
        )
        clock, offset = next(((word, each) for word, each in sources if each is not None), (None, None))
        return Stream(now, seen.received_fps, offset, clock)


def _is_worth(level: Level, seen: CameraHealth) -> bool:
    return level.state != "unknown" or seen.state != "online"


def _named(device: str, watched: Watched) -> tuple[RuleParams, Source]:
    condition = faults()[watched.fault].condition
    source = Source(watched.id, device, device, KIND, condition, watched.severity)
    return RuleParams.model_construct(id=watched.id, kind=KIND, severity=watched.severity), source


def _unknown(level: Level, now: datetime) -> Level:
    said = Text("摄像机无画面，无法判断", "nothing can be said: the camera gives no picture")
    return replace(level, state="unknown", since=now, certainty=0.0, explanation=said)


def _over(now: datetime) -> Level:
    return Level("inactive", now, None, None, 0.0, Text("不再监测", "it is no longer watched"))
