"""Rule `line-crossing`: things cross a line in one direction, or in any: wrong way, entering, counting.

    {kind: line-crossing, classes: [car, truck], line: [[0.2,0.8],[0.8,0.8]], direction: left}         the wrong way
    {kind: line-crossing, classes: [person], line: [[0.5,0],[0.5,1]], times: 100, within: 10m}        so many pass by

The line is an arrow from its first to its second point. `right`: to the side that lies at the right hand of somebody
who walks along the arrow on the picture; a line drawn from left to right is crossed to its right by what comes down.
Active while at least `times` crossings lie within the last `within`, whose number is the level's value: that is the
count. A thing has crossed once its point is further than `margin` from the line on the other side, and its way from
where it last was so far off crossed the line between its two ends; touching an end counts. What trembles on the line
never crosses. A thing that is lost at the line and found behind it with another id goes on (detectors/followed.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal, Self, cast

from pydantic import AfterValidator, Field, model_validator

from detectors import words, zones
from detectors.followed import heirs
from detectors.hysteresis import pack, unpack
from detectors.kept import Kept, read
from detectors.measured import only_for
from detectors.rule import Duration, Level, RuleState, Scene
from detectors.signal import SignalState
from detectors.track import Track
from detectors.track_json import TrackJson, pack_track, unpack_track, unpack_tracks
from detectors.tracked import LOST, TrackedParams, otherwise, surest
from ingest.text import Text

INPUT = "tracks"

MOST = 1000
"""More crossings are not remembered, and cannot be asked for."""
SHOWN = 5
"""Of the latest that crossed the boxes are kept, for the evidence."""
APART = 1.0
"""Of its size: a thing with a new id, not further than this from where one was lost, is the one that was lost."""
FORGET = timedelta(seconds=3)
"""What was not seen for longer is not waited for."""
SHORTEST = 0.01
"""Of the picture; a shorter line is a mistake of the pen."""


def _line(points: tuple[zones.Point, ...]) -> tuple[zones.Point, ...]:
    if len(points) != 2:
        raise ValueError(f"a line has 2 points, this one has {len(points)}; write [[0.1, 0.5], [0.9, 0.5]]")
    for x, y in points:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise ValueError(f"the point [{x:g}, {y:g}] lies outside the picture; coordinates are 0..1")
    if math.dist(*points) < SHORTEST:
        raise ValueError("the line has no length; give two points apart from each other")
    return points


class Params(TrackedParams):
    """What the registry says.

    Attributes:
        line: Two points in 0..1 of the picture.
        direction: To which side of the arrow; `both`: any.
        times: Reaching it is enough.
        within: The span in which they must lie; takes the place of `raise_after` and `clear_after`.
        margin: In 0..1 of the picture: nearer to the line than this a thing is on neither side.
    """

    kind: Literal["line-crossing"]
    line: Annotated[tuple[zones.Point, ...], AfterValidator(_line)]
    direction: Literal["left", "right", "both"] = "both"
    times: int = Field(default=1, ge=1, le=MOST)
    within: Duration = timedelta(seconds=10)
    margin: float = Field(default=0.01, ge=0, le=0.2)

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        only_for(self, "within", "raise_after", "clear_after")
        if not self.within:
            raise ValueError("`within` must be longer than 0s")
        return self


@dataclass(frozen=True, slots=True)
class _Side:
    """One thing near or far from the line.

    Attributes:
        track: As it was last seen.
        side: 1: right, -1: left of the arrow; 0: never yet off the line.
        point: Where it last was off the line.
    """

    track: Track
    side: int
    point: zones.Point

    def as_state(self) -> Mapping[str, object]:
        table = {"track": pack_track(self.track), "side": self.side, "point": list(self.point)}
        return Kept(self, table)

    @staticmethod
    def of(kept: Mapping[str, object]) -> _Side:
        x, y = cast("Sequence[float]", kept["point"])
        return _Side(unpack_track(cast("TrackJson", kept["track"])), cast("int", kept["side"]), (x, y))


class Rule:
    """Crossings of one line on one camera.

    The state: `from`, `at` of the latest frame; `things`; `hits`: the latest moments of crossing, in order; `shown`:
    the tracks of the last of them; `since`: when there became so many.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._wanted = {"right": (1,), "left": (-1,), "both": (1, -1)}[params.direction]

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"from": pack(at), "at": None, "things": [], "hits": [], "shown": [], "since": None}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        seen_at = unpack(cast("str | None", state["at"]))
        if seen_at is not None and scene.at < seen_at:
            return state
        kept_before = cast("Sequence[Mapping[str, object]]", state["things"])
        before = [read(each, _Side, _Side.of) for each in kept_before]
        things, crossed = self._after(before, scene)
        if not self.params.is_open(scene.at, self._clock):
            crossed = []
        hits, since = self._hits(state), state["since"]
        was = len(self._recent(hits, scene.at)) >= self.params.times
        hits = [*hits, *[scene.at] * len(crossed)]
        recent = self._recent(hits, scene.at)
        if not was and len(recent) >= self.params.times:
            since = pack(scene.at)
        # Those that it takes to know when it ended stay, however old.
        kept = hits[-max(len(recent), self.params.times) :][-MOST:]
        return {
            "from": state["from"],
            "at": pack(scene.at),
            "things": [each.as_state() for each in things],
            "hits": [pack(each) for each in kept],
            "shown": [pack_track(each) for each in crossed][-SHOWN:] or state["shown"],
            "since": since,
        }

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how many crossed within the span, `limit` is `times`."""
        seen_at, hits = unpack(cast("str | None", state["at"])), self._hits(state)
        recent = self._recent(hits, now)
        phase: SignalState = "active" if len(recent) >= self.params.times else "inactive"
        since = cast("datetime", unpack(cast("str", state["from"])))
        tracks: tuple[Track, ...] = ()
        if seen_at is None or now - seen_at > LOST:
            phase, since = "unknown", seen_at or since
        elif phase == "active":
            since = unpack(cast("str | None", state["since"])) or since
            tracks = unpack_tracks(state["shown"])
        elif len(hits) >= self.params.times:
            since = hits[-self.params.times] + self.params.within
        what = otherwise(self.params, phase, now, self._clock) or self._said(len(recent))
        return Level(
            state=phase,
            since=since,
            value=float(len(recent)),
            limit=float(self.params.times),
            certainty=surest(tracks),
            explanation=words.sentence(self.params.id, what, since, self._clock),
            tracks=tracks,
        )

    def _after(self, before: list[_Side], scene: Scene) -> tuple[list[_Side], list[Track]]:
        """Where everything is after one frame, and what has just crossed in a wanted direction."""
        seen = [track for track in scene.tracks if self.params.sees(track)]
        places = heirs(
            [each.track for each in before], seen, apart=APART, within=FORGET, point=self.params.point
        )
        things: list[_Side] = []
        crossed: list[Track] = []
        for track, place in zip(seen, places, strict=True):
            point = self.params.place_of(track)
            was = _Side(track, 0, point) if place is None else before[place]
            side = self._side(point)
            if side == 0:  # on the line: it stays where it came from
                things.append(_Side(track, was.side, was.point))
                continue
            things.append(_Side(track, side, point))
            if was.side == -side and side in self._wanted and self._passed(was.point, point):
                crossed.append(track)
        lost = [
            each for at, each in enumerate(before) if at not in places and scene.at - each.track.at <= FORGET
        ]
        return [*things, *lost], crossed

    def _side(self, point: zones.Point) -> int:
        """1: right of the arrow, -1: left, 0: not further than the margin from it."""
        first, second = self.params.line
        off = zones.turn(first, second, point) / math.dist(first, second)
        if abs(off) <= max(self.params.margin, zones.EDGE):
            return 0
        return 1 if off > 0 else -1

    def _passed(self, start: zones.Point, end: zones.Point) -> bool:
        """Whether a way that changed sides went between the line's ends, not around them."""
        first, second = self.params.line
        ends = zones.turn(start, end, first), zones.turn(start, end, second)
        return min(ends) <= zones.EDGE and max(ends) >= -zones.EDGE

    @staticmethod
    def _hits(state: RuleState) -> list[datetime]:
        return [datetime.fromisoformat(each) for each in cast("Sequence[str]", state["hits"])]

    def _recent(self, hits: list[datetime], now: datetime) -> list[datetime]:
        return [each for each in hits if now - each < self.params.within]

    def _said(self, many: int) -> Text:
        name, span = words.classes(self.params.classes), words.length(self.params.within)
        to = {
            "right": Text("由左向右", " to the right"),
            "left": Text("由右向左", " to the left"),
            "both": Text("", ""),
        }[self.params.direction]
        line = Text("界线", "the line")
        if self.params.zone_name is not None:
            line = Text(f"界线 {self.params.zone_name} ", f"the line {self.params.zone_name}")
        return Text(
            f"{span.zh}内 {many} 个{name.zh}{to.zh}越过{line.zh}（限 {self.params.times} 个）",
            f"{many} × {name.en} crossed {line.en}{to.en} within {span.en} (limit {self.params.times})",
        )
