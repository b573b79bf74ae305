"""Track as JSON: what a rule remembers of the things that decided, exact enough to be drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from detectors.hysteresis import pack
from detectors.kept import Kept, read
from detectors.track import Track

TrackJson = Mapping[str, object]


def pack_track(track: Track) -> TrackJson:
    """JSON-like, for a rule's state."""
    table: TrackJson = {
        "id": track.id,
        "label": track.label,
        "box": list(track.box),
        "certainty": track.certainty,
        "first_at": pack(track.first_at),
        "at": pack(track.at),
        "peak": track.peak,
        "still": track.still,
        "first_box": None if track.first_box is None else list(track.first_box),
    }
    return Kept(track, table)


def unpack_track(kept: TrackJson) -> Track:
    """What pack_track() kept."""
    return read(kept, Track, _read)


def _read(kept: TrackJson) -> Track:
    first = kept.get("first_box")  # a state of an older version has none
    return Track(
        id=cast("int", kept["id"]),
        label=cast("str", kept["label"]),
        box=_box(kept["box"]),
        certainty=cast("float", kept["certainty"]),
        first_at=datetime.fromisoformat(cast("str", kept["first_at"])),
        at=datetime.fromisoformat(cast("str", kept["at"])),
        peak=cast("float", kept["peak"]),
        still=cast("bool", kept["still"]),
        first_box=None if first is None else _box(first),
    )


def _box(kept: object) -> tuple[float, float, float, float]:
    left, top, right, bottom = cast("Sequence[float]", kept)
    return left, top, right, bottom


def unpack_tracks(kept: object) -> tuple[Track, ...]:
    """A list of them."""
    return tuple(unpack_track(each) for each in cast("Sequence[TrackJson]", kept))
