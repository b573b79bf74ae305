"""Watch: one camera under analysis: its stream, its tracker and what each of its rules remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from detectors import damping, shelf
from detectors.detections import Detections
from detectors.emitter import Source, source
from detectors.rule import Level, RuleParams, RuleState, Scene, Sight, TrackRule
from detectors.track import Track
from detectors.tracker import Tracker
from detectors.zones import Polygon
from hub.worker.assignment import CameraTask
from hub.worker.camera_check import CameraCheck
from hub.worker.people import PERSON
from hub.worker.turning import Turning
from hub.worker.where import where
from ingest.errors import InvalidInput
from ingest.frame import Frame
from ingest.glance import Glance
from ingest.text import Text
from ingest.video.camera import Camera
from ingest.video.health import CameraHealth
from ingest.video.original import Original
from ingest.video.rate import Rate

RULES: TypeAdapter[RuleParams] = TypeAdapter(shelf.AnyRuleParams)

PERSONS = frozenset({PERSON})

RING_SECONDS = 15.0
"""5 s before a raise and 5 s after it, and time to write the clip."""

LINGER = timedelta(seconds=10)
"""A camera stays open for so long after something was followed: who stands still may be lost and found again."""
SIGHT_EVERY = timedelta(seconds=1)
"""Taught conditions are slow things: a lid, a door, an apron."""
BEHIND = timedelta(seconds=3)
"""Without a further frame for so long a camera that was catching up is judged by the clock again."""


@dataclass(frozen=True, slots=True)
class Look:
    """The newest analysed frame: what a picture of evidence is made of.

    Attributes:
        frame: The picture.
        found: Everything the model saw in it, down to low certainty.
        tracks: What is followed in it.
        expected: Where the persons followed should be, seen in it or not.
    """

    frame: Frame
    found: Detections
    tracks: tuple[Track, ...]
    expected: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says about one camera now.

    Attributes:
        params: Of the rule.
        source: Rule, place and device, as they stand in a signal.
        level: What holds.
    """

    params: RuleParams
    source: Source
    level: Level


@dataclass(slots=True)
class _Running:
    """One rule at work."""

    raw: Mapping[str, object]
    rule: TrackRule
    state: RuleState


def read_rule(raw: Mapping[str, object], zone: ZoneInfo) -> TrackRule:
    """The rule that an assignment describes; InvalidInput names it and what is wrong."""
    try:
        return shelf.build_track_rule(RULES.validate_python(raw), zone)
    except (ValidationError, ValueError) as wrong:
        raise InvalidInput(" ".join(_said(wrong).split())[:300], where=f"rule {raw.get('id')!r}") from None


def _said(wrong: ValueError) -> str:
    """What is wrong, without the name of everything that a rule may be."""
    if not isinstance(wrong, ValidationError):
        return str(wrong)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())


class Watch:
    """One camera. `look` and `tick` are called with `saying` held; the rest may be called from any thread."""

    def __init__(
        self,
        task: CameraTask,
        *,
        on_frame: Callable[[Frame], bool],
        clock: Callable[[], datetime],
        may_begin: Callable[[datetime], bool] | None = None,
    ) -> None:
        self._on_frame = on_frame
        self._may_begin = may_begin
        self._clock = clock
        self._lock = threading.Lock()
        self.saying = threading.Lock()
        """Held while verdicts are made and said, so that they leave in the order in which they were made."""
        self._tracker = Tracker()
        self._rules: dict[str, _Running] = {}
        self.refused: dict[str, str] = {}
        self.labels: Mapping[str, frozenset[str]] = {}
        """By rule: every class that its camera's model must know."""
        self.analysed = 0
        self.errors = 0
        self.newest: Look | None = None
        self.taught: frozenset[str] = frozenset()
        """Folders of the taught conditions that rules name."""
        self._sights: tuple[Sight, ...] = ()
        self._sighted_at: datetime | None = None
        self._analysed_rate = Rate()
        self._judged_at = clock()
        self._behind_at: datetime | None = None
        self.task = task
        self.check = CameraCheck(task.device, task.health, ZoneInfo(task.timezone), clock())
        self.turning = self._new_turning(task)
        self.camera = self._new_camera(task)
        self._read_rules(task)

    def _new_turning(self, task: CameraTask) -> Turning | None:
        if task.ptz is None:
            return None
        return Turning(task.device, task.ptz, clock=self._clock, on_clock=self.check.told)

    def off_preset(self, now: datetime) -> bool:
        """Whether it looks elsewhere than at its home preset, as far as it says."""
        if self.turning is None:
            return False
        place, preset = self.turning.place(now)
        return place != "unknown" and preset != self.turning.task.home

    def _glance(self, glance: Glance) -> None:
        if not self.off_preset(glance.at):  # what it usually shows is what it shows at home
            self.check.glance(glance)

    def _new_camera(self, task: CameraTask) -> Camera:
        original = None
        if task.main is not None:
            original = Original(
                task.device,
                task.main,
                transport=task.transport,
                ring_seconds=RING_SECONDS,
                clock=self._clock,
            )
        return Camera(
            task.device,
            task.url,
            fps=task.fps,
            transport=task.transport,
            ring_seconds=RING_SECONDS,
            on_frame=self._wanted,
            original=original,
            on_glance=self._glance,
            on_quiet=self._unchanged,
            gate=task.gate,
            max_blind=task.max_blind,
            may_begin=self._may_begin,
            clock=self._clock,
        )

    def _wanted(self, frame: Frame) -> bool:
        if self.task.model:
            return self._on_frame(frame)
        self.camera.looked(frame.at)  # nobody waits for a model's word
        return True

    def _unchanged(self, at: datetime) -> None:
        """The camera is quiet: up to `at` nothing came into the picture, and what stood in it stands there still."""
        with self._lock:
            staying = tuple(each for each in self._tracker.unchanged(at) if each.label not in PERSONS)
            # A person who left took the condition along; a region is as it was.
            sights = tuple(replace(each, p=0.0) if each.of_persons else each for each in self._sights)
            scene = Scene(self.task.device, at, staying, sights)
            self._observe(scene)

    def _observe(self, scene: Scene) -> None:
        """Show every rule the scene, without what is damped for it; with the lock held."""
        clock = ZoneInfo(self.task.timezone)
        for running in self._rules.values():
            seen = damping.seen(self.task.dampings, running.rule.params, scene, clock)
            running.state = running.rule.observe(running.state, seen)

    def _follows(self, tracks: tuple[Track, ...], verdicts: list[Verdict]) -> bool:
        """Whether a rule has to do with what is followed, or holds because of it.

        A parked car does not count: while nothing changes it stands there, and a look now and then is enough. A
        person counts, however still: the model loses sight of who does not move.
        """
        standing = self._tracker.standing

        def moves(track: Track) -> bool:
            return track.id not in standing or track.label in PERSONS

        if any(each.level.state == "active" and any(map(moves, each.level.tracks)) for each in verdicts):
            return True
        classes = [getattr(each.params, "labels", None) for each in verdicts]  # not every kind names classes
        moving = [track for track in tracks if moves(track)]
        return any(wanted is None or track.label in wanted for track in moving for wanted in classes)

    def start(self) -> None:
        """Begin to read."""
        self.camera.start()
        if self.turning is not None:
            self.turning.start()

    def ask_stop(self) -> None:
        """Let its threads end; returns at once."""
        self.camera.ask_stop()
        if self.turning is not None:
            self.turning.ask_stop()

    def change(self, task: CameraTask) -> None:
        """Do what `task` says from now on; what is the same goes on undisturbed."""
        if not task.same_stream(self.task):
            old, self.camera = self.camera, self._new_camera(task)
            old.ask_stop()
            self.camera.start()
        if task.ptz != self.task.ptz:
            before, self.turning = self.turning, self._new_turning(task)
            if before is not None:
                before.ask_stop()
            if self.turning is not None:
                self.turning.start()
        same_view = task.same_stream(self.task) and task.rules == self.task.rules
        self.check.change(task.health, ZoneInfo(task.timezone), self._clock(), same_view=same_view)
        with self._lock:
            if task.model != self.task.model:
                self._tracker = Tracker()
                self.newest = None
            self.task = task
        self._read_rules(task)
        self.camera.looked(None)  # what the old rules and model saw does not count
        self.camera.hold(self._clock() + LINGER)

    def _read_rules(self, task: CameraTask) -> None:
        """Build the rules that are new or changed; a rule that cannot be read is refused by name."""
        zone = ZoneInfo(task.timezone)
        now = self._clock()
        kept: dict[str, _Running] = {}
        refused: dict[str, str] = {}
        with self._lock:
            running = dict(self._rules)
        for raw in task.rules:
            name = str(raw.get("id"))
            before = running.get(name)
            if before is not None and before.raw == raw:
                kept[name] = before
                continue
            try:
                rule = read_rule(raw, zone)
            except InvalidInput as wrong:
                refused[name] = str(wrong)
                continue
            kept[name] = _Running(raw, rule, rule.start(now))
        taught = {getattr(each.rule.params, "taught", None) for each in kept.values()}
        with self._lock:
            self._rules = kept
            self.refused = refused
            self.labels = {
                name: getattr(each.rule.params, "labels", frozenset()) for name, each in kept.items()
            }
            self.taught = frozenset(each for each in taught if each)
            self._sights = tuple(each for each in self._sights if each.taught in self.taught)
        zones = [getattr(each.rule.params, "zone", None) for each in kept.values()]  # not every kind has one
        self.camera.watch(None if refused else where(zones))

    def where_taught(self, taught: str | None) -> Polygon | None:
        """Where the latest look for a taught condition was surest; None: nowhere, or the whole picture."""
        with self._lock:
            found = next((each.where for each in self._sights if each.taught == taught), None)
        if found is None:
            return None
        left, top, width, height = found
        right, bottom = left + width, top + height
        return ((left, top), (right, top), (right, bottom), (left, bottom))

    def sights_due(self, at: datetime) -> frozenset[str]:
        """The taught conditions that are to look at a frame of this moment."""
        with self._lock:
            before = self._sighted_at
            return self.taught if before is None or abs(at - before) >= SIGHT_EVERY else frozenset()

    def look(
        self, frame: Frame, found: Detections, sure: float, sights: tuple[Sight, ...] = ()
    ) -> list[Verdict]:
        """Follow what the model saw in one frame and ask every rule; boxes below `sure` are only blurred."""
        with self._lock:
            if sights:
                self._sights, self._sighted_at = sights, frame.at
            before = self.newest.frame if self.newest else frame
            if frame.pts < before.pts or frame.at < before.at:  # another session, or the clock was set back
                self._tracker = Tracker()
            tracks = self._tracker.update(found.only(found.certainty >= sure), frame.at)
            self.newest = Look(frame, found, tracks, self._tracker.expected(frame.at, PERSONS))
            self.analysed += 1
            self._analysed_rate.add(self._clock())
            self._observe(Scene(self.task.device, frame.at, tracks, sights))
            self._behind_at = None
            if frame.catch_up:  # what it shows was so then: nothing after it has been seen yet
                self._behind_at, self._judged_at = self._clock(), frame.at
            verdicts = self._verdicts(frame.at)
        if self._follows(tracks, verdicts):
            self.camera.hold(frame.at + LINGER)
        self.camera.looked(frame.at)
        return verdicts

    def tick(self, now: datetime, away: str | None, seen: CameraHealth | None = None) -> list[Verdict]:
        """Ask every rule without a frame, so that time limits elapse.

        `away` is why nothing can be seen now (offline, model-failed): then every rule is unknown. `seen` is the
        camera's health where the caller knows it already. Nothing is
        said of them while the camera catches up: its frames are judged by their own time.
        """
        faults = [Verdict(*each) for each in self.check.tick(now, seen or self.camera.health(now))]
        return [*self._tick_rules(now, away), *faults]

    def _tick_rules(self, now: datetime, away: str | None) -> list[Verdict]:
        with self._lock:
            if away is None and self._behind_at is not None and now - self._behind_at < BEHIND:
                return []  # by now the pictures that it catches up with may have shown that it ended
            verdicts = self._verdicts(now)
            if away is None:
                return verdicts
            return [replace(each, level=_unknown(each.level, away, now)) for each in verdicts]

    def _verdicts(self, now: datetime) -> list[Verdict]:
        # A frame is older than the tick before it: judged by its own time, a level could go back and forth.
        now = self._judged_at = max(now, self._judged_at)
        return [
            Verdict(
                running.rule.params,
                source(running.rule.params, site=self.task.site, device=self.task.device),
                self._at_preset(running.rule.params, running.rule.level(running.state, now), now),
            )
            for running in self._rules.values()
        ]

    def _at_preset(self, params: RuleParams, level: Level, now: datetime) -> Level:
        """The level while the camera looks where the rule's zone was drawn; unknown elsewhere."""
        if self.turning is None:
            return level
        place, preset = self.turning.place(now)
        wanted = getattr(params, "preset", None) or self.turning.task.home
        return level if place == "unknown" or preset == wanted else _unknown(level, "off-preset", now)

    def health(self, now: datetime) -> CameraHealth:
        """Of the stream."""
        return self.camera.health(now)

    def analysed_fps(self, now: datetime) -> float:
        """Frames looked at per second, mean of the last 10 s."""
        return self._analysed_rate.per_second(now)


def _unknown(level: Level, why: str, now: datetime) -> Level:
    if level.state == "unknown":
        return level
    return Level(
        state="unknown",
        since=now,
        value=None,
        limit=level.limit,
        certainty=0.0,
        explanation=Text(f"无法判断（{why}）", f"nothing can be said ({why})"),
    )
