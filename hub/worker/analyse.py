"""Analyse: the threads that look: frame → model → tracker → rules → signals, and rules once a second.

Several threads look at several cameras side by side, never two at one camera; what they say goes out one by one.
Frames go through the network one at a time: on processors a batch costs as much per picture as single pictures do
(docs/benchmarks.md, "Looking"), and its first picture would wait for its last.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ulid import ULID

from detectors import tiling
from detectors.emitter import Emitter
from detectors.raised import decided
from detectors.rule import Sight
from detectors.signal import Signal
from detectors.tracked import TrackedParams
from detectors.zones import WHOLE
from hub.worker.crew import Crew
from hub.worker.evidence import EvidenceKeeper, Raise
from hub.worker.latency import Latency
from hub.worker.models import Models
from hub.worker.slots import Slots
from hub.worker.taught import TaughtConditions
from hub.worker.watch import Verdict, Watch
from ingest.errors import InvalidModel
from ingest.frame import Frame
from ingest.video.health import CameraHealth
from ingest.video.rate import Rate

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
AT_ONCE = 16
"""Watches that are ticked between two frames: less than a millisecond."""
PATIENCE = 0.5
"""Seconds that a thread waits for a frame before it looks whether something else is to be done."""
Key = tuple[str, str, str]
"""(rule, place, device)"""


class Analyst:
    """Looks at the frames of all cameras as the schedule has it.

    Attributes:
        looked: From a frame's arrival until its rules were asked and its signals kept, frames of open gates only, and
            not those that catch up.
        said: The same of the frames that gave a signal.
        errors: Frames that could not be analysed.
    """

    def __init__(
        self,
        crew: Crew,
        slots: Slots,
        models: Models,
        evidence: EvidenceKeeper,
        *,
        publish: Callable[[Signal], None],
        clock: Callable[[], datetime],
        threads: int = 1,
        taught: TaughtConditions | None = None,
    ) -> None:
        self._crew = crew
        self._slots = slots
        self._models = models
        self._evidence = evidence
        self._taught = taught
        self._publish = publish
        self._clock = clock
        self._emitter: Emitter | None = None
        self._epoch: int | None = None
        self._refs: dict[Key, str] = {}
        self._ticked_at = clock()
        self._unticked: deque[Watch] = deque()
        self._paces: Mapping[str, float] = {}
        self._stop = threading.Event()
        self._saying = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number == 0,), name=f"analysis-{number}", daemon=True)
            for number in range(threads)
        ]
        self._rate = Rate()
        self.looked = Latency()
        self.said = Latency()
        self.errors = 0

    def start(self) -> None:
        """Begin to look."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """End after the frames at hand."""
        self._stop.set()
        end = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))

    def figures(self, now: datetime) -> dict[str, object]:
        """For the status: threads, looks per second, and how long things took (ms, last minute)."""
        with self._saying:
            rate = self._rate.per_second(now)
        return {
            "threads": len(self._threads),
            "looks_per_second": rate,
            "errors": self.errors,
            "frame_to_look": self.looked.figures(now),
            "frame_to_signal": self.said.figures(now),
        }

    def _run(self, ticks: bool) -> None:
        while not self._stop.is_set():
            try:
                frame = self._slots.take(0.0 if ticks and self._unticked else PATIENCE)
                if frame is not None:
                    try:
                        self._look(frame)
                    finally:
                        self._slots.done(frame.device)
                if ticks:
                    self._tick(self._clock())
            except Exception:  # one camera's trouble must not blind the others; counted and shown
                self.errors += 1
                if self.errors == 1:
                    log.exception("a frame could not be analysed (further ones are only counted)")

    def _look(self, frame: Frame) -> None:
        watch = self._crew.get(frame.device)
        model = self._models.get(watch.task.model if watch else None)
        if watch is None or model is None or model.detector is None:
            return
        try:
            found = tiling.look(model.detector.look, frame.raster, watch.task.tiles)
        except InvalidModel as wrong:
            self._models.fail(model.name, str(wrong))
            return
        due = watch.sights_due(frame.at) if self._taught is not None else frozenset()
        sights: tuple[Sight, ...] = ()
        if self._taught is not None and due:
            sights = self._taught.look(due, frame.raster, found.only(found.certainty >= model.sure))
        with watch.saying:  # what is judged later is said later
            said = self._emit(watch, watch.look(frame, found, model.sure, sights), self._clock())
        now = self._clock()
        with self._saying:
            self._rate.add(now)
        if frame.catch_up or frame.check:  # late by design: it says nothing about how quick we are
            return
        self.looked.add(frame.at, now)
        if said:
            self.said.add(frame.at, now)

    def _tick(self, now: datetime) -> None:
        """Some watches more, all of them once a second: with hundreds, a frame would wait for all."""
        if not self._unticked and now - self._ticked_at >= TICK:
            self._ticked_at = now
            self._paces = self._slots.regulate()
            self._unticked.extend(self._crew.all())
        for _ in range(min(AT_ONCE, len(self._unticked))):
            watch = self._unticked.popleft()
            if self._crew.get(watch.task.device) is not watch:
                continue  # it was ours a moment ago
            watch.camera.pace(self._paces.get(watch.task.device, watch.task.fps))
            with watch.saying:
                health = watch.health(now)
                self._emit(watch, watch.tick(now, self._away(watch, health), health), now)

    def _away(self, watch: Watch, health: CameraHealth) -> str | None:
        if health.state in {"offline", "unknown", "degraded"}:
            return health.reason or health.state
        if watch.task.model and self._models.get(watch.task.model) is None:
            return "model-failed"
        return None

    def _emit(self, watch: Watch, verdicts: list[Verdict], now: datetime) -> int:
        """Say what changed; how many signals that were."""
        with self._saying:
            return self._say(watch, verdicts, now)

    def _say(self, watch: Watch, verdicts: list[Verdict], now: datetime) -> int:
        epoch = self._crew.epoch
        if epoch is None:
            return 0
        said = 0
        if self._emitter is None or epoch != self._epoch:
            # A new epoch begins anew: what holds is said again, with the evidence it has.
            self._emitter = Emitter(epoch=epoch, new_id=lambda: str(ULID()))
            self._epoch = epoch
        for verdict in verdicts:
            key, level = verdict.source.key, verdict.level
            raised = level.state == "active" and key not in self._refs
            if raised:
                self._refs[key] = str(ULID())
            ref = self._refs.get(key)
            signal = self._emitter.step(verdict.source, level, now, evidence_ref=ref)
            if raised and ref is not None:
                self._keep(watch, verdict, ref, now)
            if level.state == "inactive":
                self._refs.pop(key, None)
            if signal is not None:
                self._publish(signal)
                said += 1
        return said

    def _keep(self, watch: Watch, verdict: Verdict, ref: str, now: datetime) -> None:
        look = watch.newest
        if look is None:
            return
        params = (
            verdict.params
        )  # not every kind of rule has a zone; some have a line, or a region that was taught
        polygon = getattr(params, "zone", None) or getattr(params, "line", None)
        polygon = polygon or watch.where_taught(getattr(params, "taught", None))
        self._evidence.keep(
            Raise(
                ref=ref,
                device=watch.task.device,
                rule=params.id,
                at=now,
                severity=params.severity,
                things=(decided(params, verdict.level.tracks) if isinstance(params, TrackedParams) else ()),
                look=look,
                tracks=verdict.level.tracks,
                zone=None if polygon == WHOLE else polygon,
                model=watch.task.model,
                clip=watch.camera.clip,
                keep_packets=watch.camera.keep,
            )
        )
