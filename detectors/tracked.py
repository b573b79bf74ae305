"""Tracked: what rules over the tracks of a camera share: which things count, where, at which hours, and the words.

A thing stands where one point of its box is: `bottom` (bottom centre, the default: where feet and wheels touch the
ground), `middle`, or `top` (top centre). A point on the side of a zone lies in it. Outside the hours of `schedule`
nothing is wrong: what stands there is not seen by the rule, and counts from the opening on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from detectors import words, zones
from detectors.hours import Hours
from detectors.rule import RuleParams, Scene
from detectors.signal import SignalState
from detectors.track import Track
from ingest.text import Text

GAP = timedelta(seconds=1)
"""Losing sight for less than this is the model's blink, not the thing's leaving."""

LOST = timedelta(seconds=10)
"""Without a picture for longer than this the camera counts as offline."""

PointOfBox = Literal["bottom", "middle", "top"]


def _checked(polygon: zones.Polygon) -> zones.Polygon:
    zones.check(polygon)
    return polygon


def point_of(track: Track, which: PointOfBox) -> zones.Point:
    """Where a followed thing is, in 0..1 of the picture."""
    return point_in(track.box, which)


def point_in(box: tuple[float, float, float, float], which: PointOfBox) -> zones.Point:
    """The point of a box that says where the thing is, in 0..1 of the picture."""
    left, top, right, bottom = box
    return (left + right) / 2, {"bottom": bottom, "middle": (top + bottom) / 2, "top": top}[which]


class TrackedParams(RuleParams):
    """A rule about things of some classes.

    Attributes:
        classes: Labels of the camera's model; any of them counts.
        min_certainty: A track counts once a detection of it was at least this sure.
        point: Which point of a box says where the thing is.
        schedule: Hours of the county's clock in which the rule judges; without any: always.
        preset: Of a movable camera: the place is drawn for it; None: for the camera's home preset.
    """

    classes: tuple[str, ...] = Field(min_length=1)
    min_certainty: float = Field(default=0.5, ge=0, le=1)
    point: PointOfBox = "bottom"
    schedule: tuple[Hours, ...] = Field(default=(), max_length=50)
    preset: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")

    @property
    def labels(self) -> frozenset[str]:
        """Everything the model must know for this rule."""
        return frozenset(self.classes)

    @property
    def raised_by_things(self) -> bool:
        """Whether what is there raises it; False: that something is missing does."""
        return True

    def sees(self, track: Track, classes: Sequence[str] | None = None) -> bool:
        """Whether a track is of these classes (else the rule's), and was once sure enough."""
        wanted = self.classes if classes is None else classes
        return track.label in wanted and track.surest >= self.min_certainty

    def place_of(self, track: Track) -> zones.Point:
        """Where the thing is."""
        return point_of(track, self.point)

    def is_open(self, at: datetime, zone: tzinfo) -> bool:
        """Whether the rule judges at this moment."""
        return not self.schedule or any(each.open_at(at, zone) for each in self.schedule)


class ZonedParams(TrackedParams):
    """A rule about things in a part of the picture.

    Attributes:
        zone: Corners in 0..1 of the picture, in order; the whole picture by default.
    """

    zone: Annotated[zones.Polygon, AfterValidator(_checked)] = zones.WHOLE

    def holds(self, track: Track) -> bool:
        """Whether it is a thing of the rule's classes whose point lies in the zone."""
        return self.sees(track) and zones.contains(self.zone, self.place_of(track))

    def there(self, scene: Scene, clock: tzinfo) -> tuple[Track, ...]:
        """The things in the zone; none outside the rule's hours."""
        if not self.is_open(scene.at, clock):
            return ()
        return tuple(track for track in scene.tracks if self.holds(track))


def where(params: RuleParams) -> Text:
    """The zone in words, or the picture."""
    if params.zone_name is None:
        return Text("画面", "the picture")
    return Text(f"区域 {params.zone_name} ", f"the zone {params.zone_name}")


def otherwise(params: TrackedParams, state: SignalState, now: datetime, clock: tzinfo) -> Text | None:
    """What is said when nothing is known, or outside the rule's hours; None: the rule says it itself."""
    place = where(params)
    if state == "unknown":
        return Text(f"{place.zh}情况不明", f"nothing is known about {place.en}")
    if state == "inactive" and not params.is_open(now, clock):
        return Text(f"{place.zh}此时段不判断", f"{place.en} is not judged at this hour")
    return None


def surest(tracks: Sequence[Track]) -> float:
    """The certainty of the surest, 0 without any."""
    return max((track.certainty for track in tracks), default=0.0)


def lasting(span: timedelta) -> Text:
    """`已达 2 秒`, ` for at least 2 s`: behind what has lasted so long; nothing where no length is asked for."""
    if not span:
        return Text("", "")
    said = words.length(span)
    return Text(f"已达 {said.zh}", f" for at least {said.en}")
