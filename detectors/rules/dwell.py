"""Rule `dwell`: a thing stays in a zone for too long: parked, stopped in the junction, vending, left behind.

    {kind: dwell, classes: [car, truck], zone: […], zone_name: kerb, longer_than: 5m, reach: 0.5}    stands still
    {kind: dwell, classes: [person], zone: […], longer_than: 10m}                                    moves about in it
    {kind: dwell, classes: [suitcase], longer_than: 2m, reach: 0.5, unless_near: [person]}           left behind

With `reach` only standing counts: a thing that got further from where it came to stand than so many sizes of its box
(widths across, heights down) begins anew. Out of sight or out of the zone for less than `gap` it goes on, with another
id too (detectors/followed.py), but nothing is raised of what is hidden. Time in which nobody looked for over 10 s is
not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from detectors import words
from detectors.followed import heirs, moved
from detectors.hysteresis import Hysteresis, HysteresisState, Phase, pack, unpack
from detectors.kept import Kept, read
from detectors.measured import only_for
from detectors.rule import Duration, Level, RuleState, Scene
from detectors.track import Track
from detectors.track_json import TrackJson, pack_track, unpack_track
from detectors.tracked import GAP, LOST, ZonedParams, otherwise, surest, where
from detectors.zones import Point
from ingest.text import Text

INPUT = "tracks"

APART = 0.5
"""Of its size: a thing with a new id, not further than this from where one was lost, is the one that was lost."""
MEMORY = timedelta(minutes=10)
"""After so long in the dark what stands at a place may be another thing."""


class Params(ZonedParams):
    """What the registry says.

    Attributes:
        longer_than: Reaching it is enough; takes the place of `raise_after`.
        reach: In sizes of its box: how far from its place a thing still stands still; None: anywhere in the zone.
        gap: Out of sight, or out of the zone, for less than this changes nothing.
        unless_near: While a thing of these classes is near (at most its own width aside), nothing is counted.
    """

    kind: Literal["dwell"]
    longer_than: Duration
    reach: float | None = Field(default=None, gt=0, le=10)
    gap: Duration = timedelta(seconds=10)
    unless_near: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _a_length(self) -> Self:
        only_for(self, "longer_than", "raise_after")
        if not self.longer_than:
            raise ValueError("`longer_than` must be longer than 0s")
        if not self.gap:
            raise ValueError("`gap` must be longer than 0s: a model loses sight of everything now and then")
        return self

    @property
    def labels(self) -> frozenset[str]:
        """Everything the model must know for this rule."""
        return frozenset((*self.classes, *self.unless_near))


@dataclass(frozen=True, slots=True)
class _Stay:
    """One thing that stays.

    Attributes:
        track: As it was last seen in the zone.
        place: Where it came to stand.
        size: Its box there.
        since: From when its stay counts.
        missed: For how long pictures were looked at in which it was not there.
    """

    track: Track
    place: Point
    size: tuple[float, float, float, float]
    since: datetime
    missed: timedelta = timedelta(0)

    def as_state(self) -> Mapping[str, object]:
        table: Mapping[str, object] = {
            "track": pack_track(self.track),
            "place": list(self.place),
            "size": list(self.size),
            "since": pack(self.since),
            "missed": self.missed.total_seconds(),
        }
        return Kept(self, table)

    @staticmethod
    def of(kept: Mapping[str, object]) -> _Stay:
        x, y = cast("Sequence[float]", kept["place"])
        left, top, right, bottom = cast("Sequence[float]", kept["size"])
        return _Stay(
            unpack_track(cast("TrackJson", kept["track"])),
            (x, y),
            (left, top, right, bottom),
            datetime.fromisoformat(cast("str", kept["since"])),
            timedelta(seconds=cast("float", kept["missed"])),
        )


class Rule:
    """Staying in one zone of one camera.

    The state: `at` of the latest frame, `stays`, `hysteresis`, and `began`: since when what is told has stayed.
    """

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self._clock = zone
        self._hysteresis = Hysteresis(timedelta(0), params.clear_after, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"at": None, "stays": [], "hysteresis": self._hysteresis.start(at), "began": None}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        seen_at = unpack(cast("str | None", state["at"]))
        if seen_at is not None and scene.at < seen_at:
            return state
        stays, hysteresis, began = self._until(state, scene.at)
        passed = timedelta(0) if seen_at is None else scene.at - seen_at
        if passed > LOST:  # nobody looked: what they did then is not known, and not counted
            stays = [replace(each, since=each.since + passed) for each in stays]
        stays = self._after(stays, scene, min(passed, GAP))
        told, active = self._told(stays, scene.at), self._is_active(hysteresis, scene.at)
        if not active:  # what is hidden goes on being told, and raises nothing
            told = [each for each in told if not each.missed]
        if told and not active:
            began = min(each.since for each in told)
        return {
            "at": pack(scene.at),
            "stays": [each.as_state() for each in stays],
            "hysteresis": self._hysteresis.observe(hysteresis, bool(told), scene.at),
            "began": None if began is None else pack(began),
        }

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is how many seconds the longest has stayed, `limit` how many it may."""
        stays, hysteresis, began = self._until(state, now)
        phase = self._hysteresis.phase(hysteresis, now)
        seen_at = unpack(cast("str | None", state["at"])) or now
        upto = min(now, seen_at + GAP)
        longest = max((upto - each.since for each in stays), default=timedelta(0))
        tracks: tuple[Track, ...] = ()
        since = phase.since
        what = otherwise(self.params, phase.phase, now, self._clock)
        if phase.phase == "active":
            tracks = tuple(each.track for each in self._told(stays, upto))
            since = began or since
        if what is None:
            what = self._said(longest, len(tracks), active=phase.phase == "active")
        return Level(
            state=phase.phase,
            since=since,
            value=round(longest.total_seconds(), 3),
            limit=self.params.longer_than.total_seconds(),
            certainty=surest(tracks),
            explanation=words.sentence(self.params.id, what, since, self._clock),
            tracks=tracks,
        )

    def _until(self, state: RuleState, now: datetime) -> tuple[list[_Stay], HysteresisState, datetime | None]:
        """The state at `now`: what was seen a moment ago may have reached the limit since then."""
        kept = cast("Sequence[Mapping[str, object]]", state["stays"])
        stays = [read(each, _Stay, _Stay.of) for each in kept]
        hysteresis = cast("HysteresisState", state["hysteresis"])
        began = unpack(cast("str | None", state["began"]))
        seen_at = unpack(cast("str | None", state["at"]))
        if seen_at is None:
            return stays, hysteresis, began
        due = [
            each.since
            for each in stays
            if not each.missed and seen_at < each.since + self.params.longer_than <= min(now, seen_at + GAP)
        ]
        if due and not self._is_active(hysteresis, seen_at):
            began = min(due)
            hysteresis = self._hysteresis.observe(hysteresis, True, began + self.params.longer_than)
        return stays, hysteresis, began

    def _is_active(self, hysteresis: HysteresisState, at: datetime) -> bool:
        """Whether it was told last, be it before a time without pictures."""
        found = self._hysteresis.phase(hysteresis, at)
        return (Phase.of(hysteresis) if found.phase == "unknown" else found).phase == "active"

    def _after(self, stays: list[_Stay], scene: Scene, passed: timedelta) -> list[_Stay]:
        """Who stays, after one frame."""
        there = self.params.there(scene, self._clock)
        if not self.params.is_open(scene.at, self._clock):
            return []
        places = heirs(
            [each.track for each in stays],
            there,
            apart=APART,
            within=max(self.params.gap, MEMORY),
            point=self.params.point,
        )
        after = [
            self._gone_on(None if place is None else stays[place], track, scene)
            for track, place in zip(there, places, strict=True)
        ]
        missing = [
            replace(each, missed=each.missed + passed) for at, each in enumerate(stays) if at not in places
        ]
        return [*after, *(each for each in missing if each.missed < self.params.gap)]

    def _gone_on(self, before: _Stay | None, track: Track, scene: Scene) -> _Stay:
        point = self.params.place_of(track)
        anew = _Stay(track, point, track.box, scene.at)
        if before is None:
            return anew
        if self.params.reach is not None and moved(before.place, point, before.size) > self.params.reach:
            return anew
        if self._kept_company(track, scene):
            return anew
        return replace(before, track=track, missed=timedelta(0))

    def _kept_company(self, track: Track, scene: Scene) -> bool:
        """Whether something of `unless_near` is at most its own width aside."""
        left, top, right, bottom = track.box
        for other in scene.tracks:
            if not self.params.sees(other, self.params.unless_near):
                continue
            width = other.box[2] - other.box[0]
            aside = other.box[0] - width <= right and left <= other.box[2] + width
            if aside and other.box[1] <= bottom and top <= other.box[3]:
                return True
        return False

    def _told(self, stays: Sequence[_Stay], at: datetime) -> list[_Stay]:
        return [each for each in stays if at - each.since >= self.params.longer_than]

    def _said(self, longest: timedelta, many: int, *, active: bool) -> Text:
        name, place = words.classes(self.params.classes), where(self.params)
        limit, lasted = words.length(self.params.longer_than), words.lasted(longest)
        still = self.params.reach is not None
        does = Text("停在原处", "stands still in") if still else Text("停留", "stays in")
        if active and many:
            return Text(
                f"{place.zh}内{name.zh}（{many} 个）{does.zh} {lasted.zh}（限 {limit.zh}）",
                f"{many} × {name.en} {does.en} {place.en} for {lasted.en} (limit {limit.en})",
            )
        if active:
            return Text(
                f"{place.zh}内{name.zh}曾{does.zh}超过 {limit.zh}",
                f"{name.en}: was longer than {limit.en} in {place.en}",
            )
        return Text(
            f"{place.zh}内没有{name.zh}{does.zh}达 {limit.zh}",
            f"no {name.en} {does.en} {place.en} for {limit.en}",
        )
