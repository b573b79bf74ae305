"""Rule `presence`: things of some classes stand in a zone for some time.

    {kind: presence, classes: [person], zone: [[0,0],[1,0],[1,1],[0,1]], zone_name: store, raise_after: 2s}

A thing stands where its foot point is (bottom centre of its box). Gaps under a second, where the model lost
sight of it, do not start `raise_after` anew. Without pictures for 10 s nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, Field

from detectors import words, zones
from detectors.hysteresis import Hysteresis, HysteresisState, pack
from detectors.rule import Level, RuleParams, RuleState, Scene
from detectors.track import Track
from ingest.text import Text

INPUT = "tracks"

GAP = timedelta(seconds=1)
"""Losing sight for less than this is the model's blink, not the thing's leaving."""

LOST = timedelta(seconds=10)
"""Without a picture for longer than this the camera counts as offline."""


def _checked(polygon: zones.Polygon) -> zones.Polygon:
    zones.check(polygon)
    return polygon


class Params(RuleParams):
    """What the registry says.

    Attributes:
        classes: Labels of the camera's model; any of them counts.
        zone: Corners in 0..1 of the picture, in order; the whole picture by default.
        min_certainty: A track counts once a detection of it was at least this sure.
        preset: Of a movable camera: the zone is drawn for it; None: for the camera's home preset.
    """

    kind: Literal["presence"]
    classes: tuple[str, ...] = Field(min_length=1)
    zone: Annotated[zones.Polygon, AfterValidator(_checked)] = zones.WHOLE
    min_certainty: float = Field(default=0.5, ge=0, le=1)
    preset: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")


class Rule:
    """Presence in one zone of one camera."""

    def __init__(self, params: Params, zone: tzinfo = UTC) -> None:
        self.params = params
        self.zone = zones.Zone(params.zone, params.zone_name)
        self._clock = zone
        self._hysteresis = Hysteresis(params.raise_after, params.clear_after, gap=GAP, hold=GAP, lost=LOST)

    def start(self, at: datetime) -> RuleState:
        """Nothing was seen yet."""
        return {"hysteresis": self._hysteresis.start(at), "tracks": []}

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame; an older frame changes nothing."""
        before = cast("HysteresisState", state["hysteresis"])
        there = [track for track in scene.tracks if self._counts(track)]
        after = self._hysteresis.observe(before, bool(there), scene.at)
        if after is before:
            return state
        # While nobody is seen the latest tracks stay: they are what an active level was decided by.
        return {"hysteresis": after, "tracks": [_pack(each) for each in there] or state["tracks"]}

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now; `value` is the count of things in the zone, `limit` is how many may be there: 0."""
        phase = self._hysteresis.phase(cast("HysteresisState", state["hysteresis"]), now)
        kept = cast("Sequence[Mapping[str, object]]", state["tracks"])
        tracks = tuple(_unpack(each) for each in kept) if phase.phase == "active" else ()
        name = words.classes(self.params.classes)
        where = self._where()
        if phase.phase == "active":
            lasting = words.length(self.params.raise_after)
            many = Text(f"已达 {lasting.zh}", f"for at least {lasting.en}")
            what = Text(
                f"{where.zh}内出现{name.zh}（{len(tracks)} 个）", f"{len(tracks)} × {name.en} in {where.en}"
            )
            if self.params.raise_after:
                what = Text(f"{what.zh}{many.zh}", f"{what.en} {many.en}")
        elif phase.phase == "inactive":
            what = Text(f"{where.zh}内没有{name.zh}", f"no {name.en} in {where.en}")
        else:
            what = Text(f"{where.zh}情况不明", f"nothing is known about {where.en}")
        return Level(
            state=phase.phase,
            since=phase.since,
            value=float(len(tracks)),
            limit=0.0,
            certainty=max((track.certainty for track in tracks), default=0.0),
            explanation=words.sentence(self.params.id, what, phase.since, self._clock),
            tracks=tracks,
        )

    def _counts(self, track: Track) -> bool:
        sure = max(track.certainty, track.peak) >= self.params.min_certainty
        return sure and track.label in self.params.classes and self.zone.holds(track)

    def _where(self) -> Text:
        if self.zone.name is None:
            return Text("画面", "the picture")
        return Text(f"区域 {self.zone.name} ", f"the zone {self.zone.name}")


def _pack(track: Track) -> dict[str, object]:
    return {
        "id": track.id,
        "label": track.label,
        "box": list(track.box),
        "certainty": track.certainty,
        "first_at": pack(track.first_at),
        "at": pack(track.at),
        "peak": track.peak,
    }


def _unpack(kept: Mapping[str, object]) -> Track:
    left, top, right, bottom = cast("Sequence[float]", kept["box"])
    return Track(
        id=cast("int", kept["id"]),
        label=cast("str", kept["label"]),
        box=(left, top, right, bottom),
        certainty=cast("float", kept["certainty"]),
        first_at=datetime.fromisoformat(cast("str", kept["first_at"])),
        at=datetime.fromisoformat(cast("str", kept["at"])),
        peak=cast("float", kept["peak"]),
    )
