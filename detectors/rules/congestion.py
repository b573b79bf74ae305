"""Rule `congestion`: a road is full of vehicles, and they hardly move.

    {kind: congestion, classes: [car, bus, truck], zone: […], zone_name: south-lanes, occupancy: 0.5, slower_than: 0.2,
     raise_after: 3m, clear_after: 1m}

Both must hold: the boxes of the things in the zone cover at least `occupancy` of it, and on the mean they move by no
more than `slower_than` of their own size in a second (width across, height down), over the last 3 s. It is over once
less than `clear_occupancy` is covered or they are faster than `clear_faster_than`. At a light every road is full for a
while: choose `raise_after` longer than its cycle. Fewer things than `at_least` are none: one bus may fill the picture.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from statistics import fmean
from typing import Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from detectors import words
from detectors.hysteresis import Hysteresis, HysteresisState, unpack
from detectors.motion import follow, unpack_moving
from detectors.rule import Level, RuleState, Scene
from detectors.track import Track
from detectors.track_json import pack_track, unpack_tracks
from detectors.tracked import GAP, LOST, ZonedParams, lasting, otherwise, surest, where
from detectors.zones import Polygon, contains
from ingest.text import Text

INPUT = "tracks"

GRID = 40
"""Points across and down the zone's bounds: what is covered is counted in them, to a fortieth of each side."""


class Params(ZonedParams):
    """What the registry says.

    Attributes:
        occupancy: Share of the zone that is covered, 0..1; reaching it is enough.
        clear_occupancy: Over below this; at most `occupancy`, which it is by default.
        slower_than: In sizes of their boxes per second; reaching it is slow.
        clear_faster_than: Over above this; at least `slower_than`, which it is by default.
        at_least: Things in the zone.
    """

    kind: Literal["congestion"]
    occupancy: float = Field(default=0.5, gt=0, le=1)
    clear_occupancy: float | None = Field(default=None, gt=0, le=1)
    slower_than: float = Field(default=0.2, gt=0, le=10)
    clear_faster_than: float | None = Field(default=None, gt=0, le=10)
    at_least: int = Field(default=3, ge=1, le=1000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.clear_occupancy is not None and self.clear_occupancy > self.occupancy:
            raise ValueError(
                f"`clear_occupancy` {self.clear_occupancy:g} is over `occupancy` {self.occupancy:g}"
            )
        if self.clear_faster_than is not None and self.clear_faster_than < self.slower_than:
            raise ValueError(
                f"`clear_faster_than` {self.clear_faster_than:g} is under `slower_than` {self.slower_than:g}"
            )
        return self

    def verdict(self, covered: float, speed: float | None, many: int) -> bool | None:
        """True: full and slow; False: it is over; None: in between, or nobody knows yet how fast they are."""
        fast = self.slower_than if self.clear_faster_than is None else self.clear_faster_than
        free = self.occupancy if self.clear_occupancy is None else self.clear_occupancy
        if covered < free or many < self.at_least or (speed is not None and speed > fast):
            return False
        return True if covered >= self.occupancy and speed is not None and speed <= self.slower_than else None


class Rule:
    """How full and how slow one zone of one camera is.

    The state: `at` of the latest frame, `moving` (everything in the zone), `hysteresis`; `tracks`, `covered` and
    `speed` of the latest frame.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)
        self._across, self._down, self._inside = _grid(params.zone)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        nothing: dict[str, object] = {"tracks": [], "covered": 0.0, "speed": None}
        return {"at": None, "moving": [], "hysteresis": self._hysteresis.start(at), **nothing}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        seen_at = unpack(cast("str | None", state["at"]))
        if seen_at is not None and scene.at < seen_at:
            return state
        there = self.params.there(scene, self._clock)
        moving = follow(unpack_moving(state["moving"]), there, scene.at, self.params.point)
        speeds = [speed for each in moving[: len(there)] if (speed := each.speed) is not None]
        speed = fmean(speeds) if speeds else None
        covered = self._covered(there)
        before = cast("HysteresisState", state["hysteresis"])
        verdict: bool | None = False
        if self.params.is_open(scene.at, self._clock):
            verdict = self.params.verdict(covered, speed, len(there))
        return {
            "at": scene.at.isoformat(),
            "moving": [each.as_state() for each in moving],
            "hysteresis": self._hysteresis.observe(before, verdict, scene.at),
            "tracks": [pack_track(each) for each in there],
            "covered": covered,
            "speed": speed,
        }

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the share of the zone that is covered, `limit` is `occupancy`."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        tracks = unpack_tracks(state["tracks"]) if phase.phase == "active" else ()
        covered = cast("float", state["covered"])
        what = otherwise(self.params, phase.phase, now, self._clock)
        if what is None:
            what = self._said(covered, cast("float | None", state["speed"]), active=phase.phase == "active")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=round(covered, 4),
            limit=self.params.occupancy,
            certainty=surest(tracks),
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )

    def _covered(self, there: Sequence[Track]) -> float:
        """The share of the zone's points that lie in a box, at its border too."""
        covered = np.zeros(self._inside.shape, np.bool_)
        for track in there:
            left, top, right, bottom = track.box
            rows = slice(bisect_left(self._down, top), bisect_right(self._down, bottom))
            covered[rows, bisect_left(self._across, left) : bisect_right(self._across, right)] = True
        return float((covered & self._inside).sum() / self._inside.sum())

    def _said(self, covered: float, speed: float | None, *, active: bool) -> Text:
        place, limit = where(self.params), self.params
        pace = Text("车速未知", "speed unknown")
        if speed is not None:
            pace = Text(f"平均每秒移动 {speed:.2f} 个车身", f"{speed:.2f} of their size per second")
        seen = Text(
            f"{place.zh}占用 {covered:.0%}，{pace.zh}（限 {limit.occupancy:.0%} 且 {limit.slower_than:g}）",
            f"{place.en} is {covered:.0%} covered, {pace.en} (limits {limit.occupancy:.0%} and {limit.slower_than:g})",
        )
        if not active:
            return Text(f"{seen.zh}，未拥堵", f"{seen.en}: no congestion")
        long = lasting(limit.raise_after)
        return Text(f"{seen.zh}，拥堵{long.zh}", f"{seen.en}: congestion{long.en}")


def _grid(polygon: Polygon) -> tuple[list[float], list[float], NDArray[np.bool_]]:
    """The middles of GRID × GRID cells of a polygon's bounds: across, down, and which of them lie in it (rows first).

    A zone so thin that no middle lies in it counts as its bounds.
    """
    left, right = min(x for x, _ in polygon), max(x for x, _ in polygon)
    top, bottom = min(y for _, y in polygon), max(y for _, y in polygon)
    across = [left + (right - left) * (cell + 0.5) / GRID for cell in range(GRID)]
    down = [top + (bottom - top) * (cell + 0.5) / GRID for cell in range(GRID)]
    inside = np.array([[contains(polygon, (x, y)) for x in across] for y in down], np.bool_)
    return across, down, inside if inside.any() else np.ones_like(inside)
