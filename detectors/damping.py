"""Damping: what a person judged false, a rule no longer sees: at that spot, of that class, about that hour, for a time.

A coat on a hook is taken for a person each morning. Once that was judged false, each thing that decided gives one
Damping, and the rule is shown the scene without the things that are like it (`seen`): same camera, same class, the
middle of its box at the spot, and first seen there too. Who comes in from elsewhere is another thing, and raises. Other
rules see everything. How a rule raises plays no part; but one that is raised by what is missing is never damped, and
one about life safety never either.

The spot is the box that was judged with WIDTHS of its width on each side, as far up and down as across (in pixels).
The hour is the time of day on the county's clock, at most HOUR before or after that of the raise. Each limit belongs to
what it limits, except the end: at `expires_at` it damps no more. No clock: the moment is that of the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from detectors.rule import RuleParams, Scene
from detectors.signal import Severity
from detectors.track import Track
from detectors.tracked import TrackedParams
from detectors.zones import EDGE

Box = tuple[float, float, float, float]

WIDTHS = 1.5
"""Of the judged box: so far beside it is still the same spot."""
HOUR = timedelta(hours=1)
LASTS = timedelta(days=14)
"""Unless the person who judges says otherwise: light, goods and seasons change."""
LONGEST = timedelta(days=90)
"""What is false for longer is mended at the camera or in the rule."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Thing:
    """What decided, as far as it is stored: without the number it was followed by.

    Attributes:
        label: Class name of the model.
        box: left, top, right, bottom, in 0..1 of the picture, when it decided.
        first_box: Where it was first seen; None: not known, then `box` alone counts.
        certainty: The surest that the model was of it until then; None: not known.
    """

    label: str
    box: Box
    first_box: Box | None = None
    certainty: float | None = None

    @staticmethod
    def of(track: Track) -> Thing:
        """What is kept of a track."""
        return Thing(track.label, track.box, track.first_box, track.surest)


class Damping(BaseModel):
    """One thing that a rule no longer sees.

    Attributes:
        id: ULID.
        rule: Registry id of the rule.
        device: Registry id of the camera.
        label: Class name of the model.
        box: left, top, right, bottom, in 0..1 of the picture: where it was when it was judged.
        aspect: Width of the picture divided by its height, in pixels.
        at: When the raise was that was judged; its time of day counts.
        expires_at: From then on it damps no more.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    id: str
    rule: str
    device: str
    label: str
    box: Box
    aspect: float = Field(gt=0)
    at: AwareDatetime
    expires_at: AwareDatetime

    def holds(self, now: datetime, clock: tzinfo) -> bool:
        """Whether it damps at this moment at all: not expired, and about that hour."""
        return now < self.expires_at and apart(self.at, now, clock) <= HOUR

    def covers(self, thing: Thing) -> bool:
        """Whether a thing is of that class, at that spot, and began there."""
        boxes = (thing.box,) if thing.first_box is None else (thing.box, thing.first_box)
        return thing.label == self.label and all(map(self._at_the_spot, boxes))

    def _at_the_spot(self, box: Box) -> bool:
        left, top, right, bottom = self.box
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        across = WIDTHS * (right - left) + EDGE
        down = WIDTHS * (right - left) * self.aspect + EDGE
        return left - across <= x <= right + across and top - down <= y <= bottom + down


def apart(first: datetime, second: datetime, clock: tzinfo) -> timedelta:
    """How far two moments lie from each other in their time of day, the short way round: at most 12 h."""
    between = abs(_time_of_day(first, clock) - _time_of_day(second, clock))
    return min(between, DAY - between)


def _time_of_day(at: datetime, clock: tzinfo) -> timedelta:
    shown = at.astimezone(clock)
    return timedelta(
        hours=shown.hour, minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond
    )


def why_never(params: RuleParams) -> str | None:
    """Why a rule is never damped, or None."""
    if params.severity == "life":
        return "it is about life safety"
    return why_no_things(params)


def why_no_things(params: RuleParams) -> str | None:
    """Why nothing is stored of what decides a rule, or None: then it is known by which things it was raised."""
    if not isinstance(params, TrackedParams):
        return "it does not look at things in a picture"
    if not params.raised_by_things:
        return "it is raised by what is missing, not by what is seen"
    return None


def damped(
    entries: Sequence[Damping],
    thing: Thing,
    *,
    rule: str,
    device: str,
    severity: Severity,
    at: datetime,
    clock: tzinfo,
) -> Damping | None:
    """The first entry for which this rule does not see this thing now, or None: it sees it."""
    if severity == "life":
        return None
    for entry in entries:
        if (entry.rule, entry.device) == (rule, device) and entry.holds(at, clock) and entry.covers(thing):
            return entry
    return None


def seen(entries: Sequence[Damping], params: RuleParams, scene: Scene, clock: tzinfo) -> Scene:
    """The scene as the rule is to see it; the very same when nothing of it is damped."""
    if not entries or why_never(params) is not None:
        return scene
    left = tuple(
        track
        for track in scene.tracks
        if damped(
            entries,
            Thing.of(track),
            rule=params.id,
            device=scene.device,
            severity=params.severity,
            at=scene.at,
            clock=clock,
        )
        is None
    )
    return scene if len(left) == len(scene.tracks) else replace(scene, tracks=left)
