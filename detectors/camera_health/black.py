"""Fault `black`: the picture is dark all over and shows nothing.

A room whose lights were switched off is dim, not black, as long as its outlines can still be seen. Where the night is
really dark and nobody pays for a lamp, black is normal at night.
"""

from __future__ import annotations

from datetime import timedelta

from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from ingest.text import Text

CONDITION = "camera-black"
SEVERITY: Severity = "minor"
NAME = Text("画面黑屏", "the picture is black")
RAISE_AFTER = timedelta(minutes=1)
CLEAR_AFTER = timedelta(seconds=10)
QUIET_AT: tuple[str, ...] = ("night",)
LOOKS_AT = "picture"

DARK = 24.0
"""Mean brightness of 0 to 255; 16 is black in video."""
BRIGHTEST = 48.0
"""All but a fiftieth of the picture is darker."""
OUTLINES = 0.5
"""Likeness to a usual view from which outlines can be seen."""


def judge(seen: Seen) -> Judged:
    """Whether everything is dark and the usual outlines are gone."""
    if seen.sketch is None:
        return UNTOLD
    dark = seen.sketch.mean < DARK and seen.sketch.high < BRIGHTEST
    outlines = seen.likeness is not None and seen.likeness >= OUTLINES
    return Judged(verdict=dark and not outlines, value=round(seen.sketch.mean, 1), limit=DARK)
