"""Fault `frozen`: the stream goes on, the picture does not.

A room in which nothing happens is not frozen: noise and changing light leave traces in every keyframe. Only a picture
that is the same to the last grey value counts. A flat picture shows no traces either way, and is left to `black` and
`covered`.
"""

from __future__ import annotations

from datetime import timedelta

from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from ingest.text import Text

CONDITION = "camera-frozen"
SEVERITY: Severity = "minor"
NAME = Text("画面冻结", "the picture is frozen")
RAISE_AFTER = timedelta(minutes=2)
CLEAR_AFTER = timedelta(seconds=10)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "picture"

FLAT = 3.0
"""Spread of brightness below which a picture is too flat to tell."""


def judge(seen: Seen) -> Judged:
    """Whether this glance is the same picture as the ones before."""
    if seen.sketch is None or seen.still is None:
        return UNTOLD
    if seen.sketch.spread < FLAT:
        return Judged(verdict=None)
    return Judged(verdict=seen.still > timedelta(0), value=round(seen.still.total_seconds(), 1))
