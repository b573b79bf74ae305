"""Crew: the cameras of this worker; an assignment starts, stops and changes only those that changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from hub.worker.assignment import Assignment
from hub.worker.slots import Slots
from hub.worker.views import Views
from hub.worker.watch import Watch
from ingest.video.turns import Turns

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Gates that begin open at the same time, for each thread that looks: about what one core can decode and look at."""


class Crew:
    """All watches, by device. One thread applies and closes; any thread reads."""

    def __init__(
        self, slots: Slots, *, clock: Callable[[], datetime], threads: int = 1, views: Views | None = None
    ) -> None:
        self._slots = slots
        self._clock = clock
        self._turns = Turns(AT_ONCE * threads)
        self._views = views
        self._watches: dict[str, Watch] = {}
        self._lock = threading.Lock()
        self._applied: Assignment | None = None

    def apply(self, assignment: Assignment) -> bool:
        """Make the cameras those of `assignment`; whether anything changed."""
        if assignment == self._applied:
            return False
        wanted = {task.device: task for task in assignment.cameras}
        with self._lock:
            running = dict(self._watches)
        for device, watch in running.items():
            if device not in wanted:
                watch.ask_stop()
                self._slots.forget(device)
                if self._views is not None:
                    self._views.forget(device)
                with self._lock:
                    del self._watches[device]
                log.info("camera %s is no longer ours", device)
        for device, task in wanted.items():
            known = running.get(device)
            self._slots.declare(device, task.priority, task.fps)
            if known is None:
                watch = Watch(task, on_frame=self._slots.put, clock=self._clock, may_begin=self._turns.take)
                if self._views is not None:
                    watch.check.remember(self._views.read(task))
                with self._lock:
                    self._watches[device] = watch
                watch.start()
            elif known.task != task:
                known.change(task)
            else:
                continue
            for name, reason in self._watches[device].refused.items():
                log.warning("camera %s: rule %s is refused: %s", device, name, reason)
        self._applied = assignment
        return True

    def keep_views(self) -> None:
        """Write down what the cameras usually show; by the thread that applies."""
        if self._views is None:
            return
        for watch in self.all():
            self._views.write(watch.task, watch.check.usual)
        self._views.tidy(self._clock())

    @property
    def epoch(self) -> int | None:
        """Of the assignment in force, None before the first."""
        return self._applied.epoch if self._applied else None

    def get(self, device: str) -> Watch | None:
        """The watch of one camera, None when it is not ours."""
        with self._lock:
            return self._watches.get(device)

    def all(self) -> tuple[Watch, ...]:
        """Every watch, by device."""
        with self._lock:
            return tuple(self._watches[device] for device in sorted(self._watches))

    def models(self) -> set[str]:
        """Names of the models that the cameras need."""
        return {watch.task.model for watch in self.all() if watch.task.model}

    def models_of_rules(self) -> set[str]:
        """Of those the ones of cameras with rules: evidence may be made with them."""
        return {watch.task.model for watch in self.all() if watch.task.model and watch.task.rules}

    def taught(self) -> set[str]:
        """Folders of the taught conditions that rules name."""
        return {name for watch in self.all() for name in watch.taught}

    def ask_stop(self) -> None:
        """Let every camera end at its next packet or timeout; returns at once."""
        for watch in self.all():
            watch.ask_stop()

    def close(self, timeout: float = 5.0) -> None:
        """End every camera's thread, all together within `timeout` seconds."""
        self.ask_stop()
        watches = self.all()
        end = time.monotonic() + timeout
        for watch in watches:
            if not watch.camera.stop(max(0.0, end - time.monotonic())):
                log.warning("camera %s did not end within %.0f s", watch.task.device, timeout)
