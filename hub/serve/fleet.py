"""Fleet: which worker has which camera, under which epoch, and what the workers last said."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from alerts.device_state import CameraReport, Judged, State, camera_state
from ingest.errors import InvalidInput
from ingest.instant import parse_instant

log = logging.getLogger(__name__)

Json = Mapping[str, object]

HANDOVER = timedelta(seconds=60)
"""A worker that has not asked for this long is taken for gone: others get its cameras until it asks again. Long
enough for a restart of its machine's service; a worker of this hub is started again within seconds."""
PAUSED = timedelta(seconds=10)
"""When nobody asked for this long it was this process that slept: everybody's time begins anew."""
MODEL_WORDS = {"ok": "ok", "failed": "degraded"}


def share(cameras: Iterable[str], workers: Sequence[str], before: Mapping[str, str]) -> dict[str, str]:
    """Camera → worker: a camera stays where it was, a new one goes to the worker with the fewest.

    So adding, changing or removing a camera never moves another one.
    """
    wanted = sorted(cameras)
    if not workers:
        return {}
    plan = {each: before[each] for each in wanted if before.get(each) in workers}
    load = dict.fromkeys(workers, 0)
    for worker in plan.values():
        load[worker] += 1
    for each in wanted:
        if each not in plan:
            least = min(workers, key=lambda worker: (load[worker], worker))
            plan[each] = least
            load[least] += 1
    return plan


@dataclass(slots=True)
class _Worker:
    """What is known of one worker."""

    epoch: int
    since: datetime
    boot: str = ""
    heard_at: datetime | None = None
    address: str | None = None
    cameras: dict[str, Json] = field(default_factory=dict)
    models: tuple[Json, ...] = ()
    spooled: int = 0
    analysis: Json = field(default_factory=dict)


class Fleet:
    """The workers of this hub. Thread-safe: asked by the API, told by the broker and by worker polls."""

    def __init__(
        self,
        *,
        workers: Sequence[str],
        broker: str,
        next_epoch: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._broker = broker
        self._next_epoch = next_epoch
        now = clock()
        self._workers: dict[str, _Worker] = {name: _Worker(epoch=next_epoch(), since=now) for name in workers}
        self._gone: frozenset[str] = frozenset()
        self._homes: dict[str, str] = {}  # camera → the worker that it was taken from
        self._asked_at = self._awake_since = now
        self._tasks: dict[str, Json] = {}
        self._plan: dict[str, str] = {}
        self._assigned_at: dict[str, datetime] = {}

    def plan(self, tasks: Mapping[str, Json]) -> None:
        """The cameras as the registry now has them, by device id; each value is a camera of an assignment."""
        with self._lock:
            self._tasks = dict(tasks)
            self._share(self._clock())

    def _share(self, now: datetime) -> None:
        """Deal out the cameras among the workers that are there; all of them, when none is."""
        there = sorted(set(self._workers) - self._gone) or sorted(self._workers)
        homes = {each: home for each, home in self._homes.items() if each in self._tasks}
        before = {each: homes[each] if homes.get(each) in there else self._plan[each] for each in self._plan}
        fresh = share(self._tasks, there, before)
        taken = {each: fresh[each] for each in fresh if self._plan.get(each, fresh[each]) != fresh[each]}
        for camera in taken:
            homes.setdefault(camera, self._plan[camera])
        self._homes = {each: home for each, home in homes.items() if fresh[each] != home}
        for worker in sorted(
            set(taken.values())
        ):  # what it says must count as newer than what was said before
            self._workers[worker].epoch = self._next_epoch()
        for camera, worker in fresh.items():
            if self._plan.get(camera) != worker:
                self._assigned_at[camera] = now
        self._plan = fresh

    def _miss(self, now: datetime) -> None:
        """Take away the cameras of workers that are gone, and give back those of workers that came again."""
        if now - self._asked_at > PAUSED:
            self._awake_since = now
        self._asked_at = now
        gone = frozenset(
            name
            for name, known in self._workers.items()
            if now - max(known.heard_at or known.since, self._awake_since) > HANDOVER
        )
        if gone == self._gone:
            return
        for name in sorted(gone - self._gone):
            log.warning(
                "worker %s was not heard for %.0f s: others get its cameras", name, HANDOVER.total_seconds()
            )
        for name in sorted(self._gone - gone):
            log.warning("worker %s is there again and gets its cameras back", name)
        self._gone = gone
        self._share(now)

    def assignment(self, worker: str, boot: str = "") -> Json:
        """What `worker` is to do now. Asking is a sign of life.

        A name that is new joins the fleet and gets its share: whoever asks has shown the worker token.

        A worker that has not asked for HANDOVER loses its cameras to the others, and has them again when it asks
        again.

        A worker that was started anew (another `boot`) gets a new epoch, since it counts its signals from one.
        """
        with self._lock:
            now = self._clock()
            known = self._workers.get(worker)
            if known is None:
                known = self._workers[worker] = _Worker(epoch=self._next_epoch(), since=now)
                self._share(now)
            if known.boot != boot:
                if known.boot:
                    known.epoch = self._next_epoch()
                known.boot = boot
            known.heard_at = now
            self._miss(now)
            cameras = [self._tasks[each] for each in sorted(self._plan) if self._plan[each] == worker]
            content: dict[str, object] = {
                "worker": worker,
                "epoch": known.epoch,
                "broker": self._broker,
                "cameras": cameras,
            }
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            return {**content, "version": int(digest[:12], 16)}

    def report(self, status: Json) -> None:
        """A worker's status message; raises InvalidInput when it is malformed or of an unknown worker."""
        try:
            name = str(status["worker"])
            cameras = {str(each["device"]): each for each in cast("list[Json]", status["cameras"])}
            address = str(status["address"])
            spooled = int(cast("int", status.get("spooled", 0)))
            models = tuple(cast("list[Json]", status.get("models", [])))
            analysis = dict(cast("Json", status.get("analysis") or {}))
        except (KeyError, TypeError, ValueError) as wrong:
            raise InvalidInput("a worker's status message is malformed", where=repr(wrong)) from wrong
        with self._lock:
            known = self._workers.get(name)
            if known is None:
                raise InvalidInput("status of an unknown worker", where=name)
            known.heard_at = self._clock()
            known.address = address or None
            known.cameras = cameras
            known.models = models
            known.spooled = spooled
            known.analysis = analysis

    def addresses(self) -> dict[str, str]:
        """Every worker's HTTP address, as it announced it."""
        with self._lock:
            return {name: known.address for name, known in self._workers.items() if known.address}

    def address(self, device: str) -> str | None:
        """Base address of the worker that has this camera, or None."""
        with self._lock:
            worker = self._workers.get(self._plan.get(device, ""))
            return worker.address if worker else None

    def heard(self) -> dict[str, datetime | None]:
        """When each worker was last heard."""
        with self._lock:
            return {name: known.heard_at for name, known in self._workers.items()}

    def models(self) -> dict[str, tuple[str, str]]:
        """Each model's worst (state, reason) over all workers: `ok` or `degraded`."""
        with self._lock:
            found: dict[str, tuple[str, str]] = {}
            for known in self._workers.values():
                for model in known.models:
                    state = MODEL_WORDS.get(str(model.get("state")), "degraded")
                    name = str(model.get("name"))
                    if state != "ok" or name not in found:
                        found[name] = (state, str(model.get("reason") or ""))
            return found

    def analysis(self) -> dict[str, Json]:
        """By worker: its threads, looks per second, and how long looking took (hub.worker.analyse)."""
        with self._lock:
            return {name: known.analysis for name, known in self._workers.items() if known.analysis}

    def spooled(self) -> int:
        """Signals that wait on the workers' disks."""
        with self._lock:
            return sum(known.spooled for known in self._workers.values())

    def camera(self, device: str, now: datetime) -> tuple[Judged, Json]:
        """The camera's state and its worker's newest figures (empty before the first report)."""
        with self._lock:
            worker = self._workers.get(self._plan.get(device, ""))
            figures = worker.cameras.get(device, {}) if worker else {}
            judged = camera_state(
                _report(figures),
                heard_at=worker.heard_at if worker else None,
                assigned_at=self._assigned_at.get(device, now),
                now=now,
            )
            return judged, figures


def _report(figures: Json) -> CameraReport | None:
    if not figures:
        return None
    last = figures.get("last_packet_at")
    return CameraReport(
        cast("State", figures.get("state", "unknown")),
        str(figures.get("reason") or ""),
        parse_instant(str(last)) if last else None,
    )
