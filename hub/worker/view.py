"""View: what the worker shows of itself: its status, present pictures, and evidence."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta

from detectors.blur import blur_persons
from detectors.model import unknown_classes
from detectors.teach.region import parse_region
from hub.worker.analyse import Analyst
from hub.worker.crew import Crew
from hub.worker.crop import png
from hub.worker.drift import Drift
from hub.worker.evidence import EvidenceKeeper, jpeg
from hub.worker.finder_process import FinderProcess
from hub.worker.live import Form, Live
from hub.worker.models import Models, ModelState
from hub.worker.people import find
from hub.worker.playback import Playbacks
from hub.worker.publish import Publisher
from hub.worker.sampling import why_less
from hub.worker.slots import Slots
from hub.worker.taught import TaughtConditions
from hub.worker.watch import Watch
from ingest.errors import CameraUnreachable, NotFound
from ingest.frame import Frame
from ingest.instant import format_instant
from ingest.video.health import CameraHealth

FRESH = timedelta(seconds=1)
"""A picture this young is given again instead of being made anew, however many ask."""

MEAN = timedelta(seconds=12)
"""Over which the rates are means, and a little more."""


class View:
    """Implements api.worker_app.WorkerView; thread-safe."""

    def __init__(
        self,
        name: str,
        *,
        crew: Crew,
        slots: Slots,
        analyst: Analyst,
        models: Models,
        evidence: EvidenceKeeper,
        finder: FinderProcess,
        publisher: Publisher,
        clock: Callable[[], datetime],
        taught: TaughtConditions,
        drift: Drift,
    ) -> None:
        self.address = ""
        self._taught = taught
        self._drift = drift
        self._name = name
        self._crew = crew
        self._slots = slots
        self._analyst = analyst
        self._models = models
        self._evidence = evidence
        self._finder = finder
        self._publisher = publisher
        self._clock = clock
        self._pictures: dict[str, tuple[datetime, bytes]] = {}
        self._lock = threading.Lock()
        self._live = Live(crew, snapshot=self.snapshot, clock=clock)
        self._playbacks = Playbacks(crew)

    def status(self) -> Mapping[str, object]:
        """The status message."""
        now = self._clock()
        viewers = self._live.viewers()
        return {
            "worker": self._name,
            "epoch": self._crew.epoch,
            "address": self.address,
            "at": format_instant(now),
            "cameras": [
                {**self._camera(watch, now), "viewers": viewers.get(watch.task.device, 0)}
                for watch in self._crew.all()
            ],
            "models": [
                {
                    "name": model.name,
                    "state": _word(model),
                    "reason": model.reason,
                }
                for model in self._models.states()
            ]
            + [
                {"name": name, "state": "failed" if reason else "ok", "reason": reason}
                for name, reason in (self._taught_states() | self._blind()).items()
            ],
            "analysis": self._analyst.figures(now),
            "spooled": self._publisher.spooled,
            "evidence": {
                "kept": self._evidence.waiting(),
                "errors": self._evidence.errors,
                "pushed_out": self._evidence.pushed_out,
            },
        }

    def _blind(self) -> dict[str, str | None]:
        """Models for hiding that evidence is made without, and that are not told of already."""
        told = {each.name for each in self._models.states()}
        return {name: reason for name, reason in self._finder.blind if name not in told}

    def _taught_states(self) -> dict[str, str | None]:
        """Of each taught condition that rules name why it cannot be used; None: it can."""
        return {each.name: each.reason for each in self._taught.states()}

    def _never(self, watch: Watch) -> str:
        """Which rules wait for what the camera's model never finds; empty when none does."""
        model = self._models.get(watch.task.model)
        if model is None or model.detector is None:
            return ""
        wanted = {
            rule: unknown_classes(model.detector.manifest, sorted(labels))
            for rule, labels in watch.labels.items()
        }
        return "; ".join(
            f"rule {rule}: the model {model.name} knows no class {', '.join(map(repr, words))}"
            for rule, words in wanted.items()
            if words
        )

    def _camera(self, watch: Watch, now: datetime) -> dict[str, object]:
        health = watch.health(now)
        task = watch.task
        blind = bool(task.model) and self._models.get(task.model) is None
        state, reason, message = health.state, health.reason, health.message
        if state == "online" and blind:
            state, reason = "degraded", "model-failed"
        elif state == "online" and (
            broken := [why for name, why in self._taught_states().items() if why and name in watch.taught]
        ):
            state, reason, message = "degraded", "model-failed", "; ".join(broken)
        elif state == "online" and watch.refused:
            state, reason = "degraded", "rule-refused"
            message = "; ".join(watch.refused.values())
        elif state == "online" and (never := self._never(watch)):
            state, reason, message = "degraded", "class-unknown", never
        elif state == "online" and (changed := self._drift.messages(task.device)):
            state, reason, message = "degraded", "taught-drifted", "; ".join(changed)
        elif state == "online" and (away := watch.camera.original_away(now)) is not None:
            state, reason, message = "degraded", "main-stream", away
        place, preset = watch.turning.place(now) if watch.turning is not None else (None, None)
        if state == "online" and watch.turning is not None and place != "preset":
            state, reason = "degraded", "off-preset" if place == "off-preset" else "preset-unknown"
        elif state == "online" and watch.off_preset(now):
            state, reason = "degraded", "off-preset"
        actual = watch.analysed_fps(now)
        return {
            "device": task.device,
            "state": state,
            "reason": reason,
            "message": message,
            "since": format_instant(health.since),
            "last_packet_at": format_instant(health.last_packet_at),
            "received": health.received,
            "decoded": health.decoded,
            "analysed": watch.analysed,
            "dropped": self._slots.dropped(task.device),
            "undecodable": health.undecodable,
            "reconnects": health.reconnects,
            "received_fps": health.received_fps,
            "decoded_fps": health.decoded_fps,
            "analysed_fps": actual,
            "gate": health.gate,
            "sampling": {
                "target_fps": task.fps,
                "actual_fps": actual,
                "reason": why_less(
                    target=task.fps,
                    actual=actual,
                    received=health.received_fps,
                    state=state,
                    blind=blind,
                    gate="quiet" if _lately_quiet(health, now) else health.gate,
                    shortage=self._slots.shortage(task.device),
                ),
            },
            "preset": preset,
            "codec": health.codec,
            "width": health.width,
            "height": health.height,
        }

    def goto(self, device: str, preset: str) -> None:
        """Send the camera to a preset; NotFound, or CameraUnreachable when it does not obey."""
        watch = self._crew.get(device)
        if watch is None or watch.turning is None:
            raise NotFound("this camera is not ours, or has no presets", where=device)
        watch.turning.goto(preset)

    def snapshot(self, device: str) -> bytes:
        """JPEG of the newest keyframe, persons blurred; NotFound, or CameraUnreachable without a picture.

        Persons are found here and now: whoever looks does not wait behind the evidence of a busy minute.
        """
        watch = self._ours(device)
        now = self._clock()
        with self._lock:
            kept = self._pictures.get(device)
        if kept is not None and timedelta(0) <= now - kept[0] < FRESH:
            return kept[1]
        image = self._present(watch, now).image
        model = self._models.get(watch.task.model)
        content = jpeg(
            blur_persons(image, *find(image, model.people if model else None, self._models.hiders()))
        )
        with self._lock:
            self._pictures[device] = (now, content)
        return content

    def region(self, device: str, region: str) -> bytes:
        """PNG of a region of the newest keyframe as it is, for teaching; of a person's upper body the largest.

        Raises as snapshot() does, InvalidInput for what is no region, and NotFound for the upper body of nobody.
        """
        watch = self._ours(device)
        model = self._models.get(watch.task.model)
        where = parse_region(region)
        return png(where, self._present(watch, self._clock()).image, model.people if model else None)

    def _ours(self, device: str) -> Watch:
        watch = self._crew.get(device)
        if watch is None:
            raise NotFound("this camera is not ours", where=device)
        return watch

    def _present(self, watch: Watch, now: datetime) -> Frame:
        """The newest keyframe; CameraUnreachable without one."""
        device, health = watch.task.device, watch.health(now)
        if health.state == "offline":
            raise CameraUnreachable(
                health.message or "no packet", reason=health.reason or "timeout", where=device
            )
        frame = watch.camera.latest_keyframe()
        if frame is None:
            raise CameraUnreachable("no picture yet", reason=health.reason or "no-picture", where=device)
        return frame

    def live(self, device: str, form: Form) -> AsyncGenerator[str | bytes]:
        """The camera's stream for one viewer, see hub/worker/live.py."""
        return self._live.watch(device, form)

    def playback(self, device: str, start: datetime, end: datetime) -> AsyncGenerator[str | bytes]:
        """What the camera's recorder has of that time, see hub/worker/playback.py."""
        return self._playbacks.watch(device, start, end)

    def evidence(self, ref: str, name: str) -> bytes:
        """One file of a piece of evidence; EvidenceNone, or EvidencePending while it is written."""
        return self._evidence.read(ref, name)

    def forget(self, ref: str) -> None:
        """Delete one piece of evidence; twice is fine."""
        self._evidence.forget(ref)


def _word(model: ModelState) -> str:
    if model.detector is None:
        return "failed"
    return "ok" if model.reason is None else "degraded"


def _lately_quiet(health: CameraHealth, now: datetime) -> bool:
    """Whether the gate was quiet in the time of which the rates are means."""
    return health.quiet_at is not None and now - health.quiet_at < MEAN
