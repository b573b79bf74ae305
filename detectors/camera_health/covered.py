"""Fault `covered`: something hangs before the lens: what had edges has none, and light and shade lie elsewhere."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from detectors.camera_health import black
from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from detectors.sketch import likeness
from ingest.text import Text

CONDITION = "camera-covered"
SEVERITY: Severity = "major"
NAME = Text("镜头被遮挡", "the camera is covered")
RAISE_AFTER = timedelta(minutes=1)
CLEAR_AFTER = timedelta(seconds=10)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "picture"

LOST = 0.35
"""A block has lost its edges when they are weaker than this share of the usual."""
MOST = 0.75
"""Share of the blocks with edges that must have lost them."""
FEW = 10
"""Blocks with edges below which a view is too plain to tell by them."""
SHADES = 0.6
"""Likeness of light and shade from which the same place is still seen, only without detail."""
OUTLINES = 0.3
"""Likeness of edges from which outlines are still there: blur and steam leave more, a cover leaves none."""
DIM = 0.5
"""Share of the usual brightness below which lights may have been switched off."""
FLAT = 1.5
"""Strength of edges below which a block shows nothing at all."""
NOTHING = 0.97
"""Share of such blocks in a picture that shows nothing, whatever it showed before."""


def judge(seen: Seen) -> Judged:
    """Whether the view is gone behind something; a black picture is left to `black`."""
    if seen.sketch is None or black.judge(seen).verdict:
        return UNTOLD
    sketch, view = seen.sketch, seen.view
    flat = float(np.mean(sketch.texture < FLAT))
    if view is None:
        # Not even the first minute of this camera showed anything: a white wall has more than that.
        return Judged(verdict=flat >= NOTHING, value=round(flat, 2), limit=NOTHING)
    with_edges = view.structured
    if int(with_edges.sum()) < FEW:
        return Judged(verdict=False)
    lost = float(np.mean(sketch.texture[with_edges] < LOST * view.texture[with_edges]))
    alike = seen.likeness or 0.0
    dimmer = sketch.mean < DIM * float(view.coarse.mean())
    gone = alike < (black.OUTLINES if dimmer else OUTLINES)
    if dimmer:  # lights off takes edges too, and leaves light and shade where they were
        gone = gone and likeness(sketch.coarse, view.coarse) < SHADES
    return Judged(verdict=lost >= MOST and gone, value=round(lost, 2), limit=MOST)
