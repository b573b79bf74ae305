"""Health: glances and stream figures of one camera become the levels of its faults. No clock, no thread, no I/O.

    glance ─→ sketch ─→ (how it differs from what is usual) ─→ each fault's judge ─→ hysteresis ─→ level
    stream ─→ (its usual rate) ───────────────────────────────↗

What is usual is learned while no fault of the picture is there, from the first minute on; until then only faults that
need no comparison are found. Who starts anew may be given what was usual before (`remember`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

import numpy as np
from pydantic import BaseModel, ConfigDict

from detectors import words
from detectors.camera_health import blurred, moved
from detectors.fault import Input, Judged, Quiet, Seen, Stream, faults, is_dark_hour
from detectors.hysteresis import Hysteresis, HysteresisState
from detectors.rule import Duration, Level
from detectors.signal import Severity
from detectors.sketch import Sketch, shift_between, sketch
from detectors.usual import Usual, learn
from ingest.glance import Glance
from ingest.text import Text

SAME_SHARE = 0.005
"""Share of a glance that may differ, by more than a grey value, in one and the same picture: a clock is drawn in."""
SAME_MEAN = 0.02
"""Mean difference, in grey values, of one and the same picture."""
STEAM_LINGERS = timedelta(minutes=10)
"""Where steam is normal, nothing is said for so long after it was last seen."""
CLEARLY = 0.75
"""Likeness from which nobody needs to look whether the view lies beside its place."""
LOST = timedelta(seconds=60)
"""Without a glance (or a figure) for so long nothing is known: three GOPs of a camera with rare keyframes."""
RATES = 12
"""Figures of the frame rate from which the usual one is known."""

NIGHT = (time(19), time(7))
"""Local hours that are dark unless the registry says otherwise: a winter's night in the north."""

PICTURE = frozenset({"black", "covered", "blurred", "moved"})
"""Faults while which nothing is learned of the view."""


class Watched(BaseModel):
    """How one fault is watched on one camera, defaults filled in: part of an assignment.

    Attributes:
        id: Of the rule, as it stands in signals.
        fault: Word of the shelf.
        severity: Of its incidents.
        raise_after: How long it must last.
        clear_after: How long it must be gone.
        quiet_at: Where it is normal.
        night: The dark hours, local.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    fault: str
    severity: Severity
    raise_after: Duration
    clear_after: Duration
    quiet_at: tuple[Quiet, ...] = ()
    night: tuple[time, time] = NIGHT

    def hysteresis(self) -> Hysteresis:
        """As it says."""
        return Hysteresis(self.raise_after, self.clear_after, lost=max(LOST, self.raise_after))


@dataclass(slots=True)
class _Fault:
    """One fault under watch."""

    watched: Watched
    state: HysteresisState
    judged: Judged = field(default_factory=lambda: Judged(None))


class Health:
    """The faults of one camera; one thread at a time."""

    def __init__(self, watched: Iterable[Watched], at: datetime, zone: tzinfo = UTC) -> None:
        self._zone = zone
        self._faults: dict[str, _Fault] = {}
        self._usual = Usual()
        self._anchor: Sketch | None = None
        self._steam_at: datetime | None = None
        self._rates: list[float] = []
        self._usual_fps: float | None = None
        self.watch(watched, at, zone)

    def watch(self, watched: Iterable[Watched], at: datetime, zone: tzinfo | None = None) -> None:
        """Watch these faults from now on; those that stay as they are go on undisturbed."""
        if zone is not None:
            self._zone = zone
        known = faults()
        kept: dict[str, _Fault] = {}
        for each in watched:
            if each.fault not in known:
                continue  # serve may be newer and know more
            before = self._faults.get(each.fault)
            if before is not None and before.watched == each:
                kept[each.fault] = before
            else:
                kept[each.fault] = _Fault(each, each.hysteresis().start(at))
        self._faults = kept

    def forget_view(self) -> None:
        """Learn anew what the camera shows: somebody has drawn its zones anew, or it is another stream."""
        self._usual, self._anchor = Usual(), None

    @property
    def usual(self) -> Usual:
        """What was learned of the view."""
        return self._usual

    def remember(self, usual: Usual) -> None:
        """What was learned before, by another one; what was learned here already counts more."""
        if not self._usual.known:
            self._usual = usual

    def glance(self, glance: Glance) -> None:
        """One more glance."""
        now = sketch(glance)
        found = self._usual.best(now)
        view, how = found if found is not None else (None, None)
        shift = (
            shift_between(now.edges, view.edges)
            if view is not None and how is not None and how < CLEARLY
            else None
        )
        seen = Seen(
            sketch=now,
            view=view,
            likeness=how,
            shift=shift,
            still=self._still(now),
        )
        if blurred.is_veiled(seen):
            self._steam_at = now.at
        told = self._judge("picture", seen, now.at)
        shifted = moved.is_shifted(seen)
        if not any(told.get(word, Judged(None)).verdict for word in PICTURE):
            self._usual = learn(self._usual, now, shifted=shifted)

    def stream(self, stream: Stream) -> None:
        """What is known of the stream now."""
        self._judge("stream", Seen(stream=stream, usual_fps=self._usual_fps), stream.at)
        self._learn_rate(stream.fps)

    def levels(self, now: datetime) -> list[tuple[Watched, Level]]:
        """What holds now, fault by fault."""
        return [(each.watched, self._level(each, now)) for each in self._faults.values()]

    def _still(self, now: Sketch) -> timedelta:
        """For how long the picture has been one and the same."""
        anchor = self._anchor
        if anchor is not None and now.at > anchor.at:
            away = np.abs(now.grey.astype(np.int16) - anchor.grey)
            if float(np.mean(away > 1)) <= SAME_SHARE and float(np.mean(np.minimum(away, 1))) <= SAME_MEAN:
                return now.at - anchor.at
        self._anchor = now
        return timedelta(0)

    def _judge(self, looks_at: Input, seen: Seen, at: datetime) -> Mapping[str, Judged]:
        """Ask every fault that looks at this."""
        told: dict[str, Judged] = {}
        for word, each in self._faults.items():
            fault = faults()[word]
            if fault.looks_at != looks_at:
                continue
            judged = told[word] = each.judged = fault.judge(seen)
            quiet = judged.verdict is True and self._is_quiet(each.watched, at)
            verdict = None if quiet else judged.verdict
            each.state = each.watched.hysteresis().observe(each.state, verdict, at)
        return told

    def _is_quiet(self, watched: Watched, at: datetime) -> bool:
        if "night" in watched.quiet_at and is_dark_hour(at.astimezone(self._zone).time(), watched.night):
            return True
        steamy = self._steam_at is not None and at - self._steam_at <= STEAM_LINGERS
        return "steam" in watched.quiet_at and steamy

    def _learn_rate(self, fps: float) -> None:
        """The usual rate: the middle of the first figures; from then on it follows, slowly, what is not low."""
        if self._usual_fps is None:
            if fps > 0:
                self._rates.append(fps)
            if len(self._rates) >= RATES:
                self._usual_fps = sorted(self._rates)[RATES // 2]
                self._rates = []
        elif fps > self._usual_fps * 0.7:
            self._usual_fps += (fps - self._usual_fps) * 0.02

    def _level(self, each: _Fault, now: datetime) -> Level:
        phase = each.watched.hysteresis().phase(each.state, now)
        fault = faults()[each.watched.fault]
        judged = each.judged
        if phase.phase == "active":
            lasting = words.length(each.watched.raise_after)
            said = judged.what if judged.verdict and judged.what else fault.name
            what = Text(f"{said.zh}，已达 {lasting.zh}", f"{said.en} for at least {lasting.en}")
        elif phase.phase == "inactive":
            what = Text(f"未见“{fault.name.zh}”", f"no sign that {fault.name.en}")
        else:
            what = Text("画面情况不明", "nothing is known of the picture")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=judged.value,
            limit=judged.limit,
            certainty=1.0 if phase.phase == "active" else 0.0,
            explanation=words.sentence(each.watched.id, what, phase.since, self._zone),
        )


def shipped(fault: str, **changes: object) -> Watched:
    """How a fault is watched unless the registry says otherwise; its rule is known by its condition."""
    found = faults()[fault]
    return Watched(
        id=found.condition,
        fault=fault,
        severity=found.severity,
        raise_after=found.raise_after,
        clear_after=found.clear_after,
        quiet_at=tuple(sorted(found.quiet_at)),
    ).model_copy(update=changes)
