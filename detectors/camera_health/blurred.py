"""Fault `blurred`: the place can be made out, its detail cannot: out of focus, greasy, or steam before the lens.

Blur takes the finest detail and leaves light and shade. Steam and fog lay a veil over everything: contrast goes, and
what was dark turns grey. Switching lights off takes contrast too, but brightens nothing.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from detectors.sketch import Sketch, likeness
from detectors.usual import SAME, View
from ingest.text import Text

CONDITION = "camera-blurred"
SEVERITY: Severity = "info"
NAME = Text("画面模糊", "the picture is blurred")
RAISE_AFTER = timedelta(minutes=3)
CLEAR_AFTER = timedelta(seconds=30)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "picture"

VEIL = Text("画面起雾或蒙上蒸汽", "steam, fog or a film veils the picture")
SHADES = 0.6
"""Likeness of light and shade from which it may be the same place."""
OUTLINES = 0.3
"""Likeness of edges that the same place keeps, blurred or steamed."""
DIM = 0.4
"""Contrast below this share of the usual, and no veil: too dark to tell."""
SHARP = 0.5
"""Detail below this share of the usual, at the same contrast, is blur."""
CONTRAST = 0.5
"""Contrast below this share of the usual may be a veil."""
LIFT = 20.0
"""Brightness by which a veil lifts the darkest parts."""


def is_veiled(seen: Seen) -> bool:
    """Whether steam or fog lies over the usual view."""
    if seen.sketch is None or seen.view is None:
        return False
    lifted = seen.sketch.low - seen.view.low >= LIFT
    return _contrast(seen.sketch, seen.view) < CONTRAST and lifted and _is_place(seen)


def _contrast(sketch: Sketch, view: View) -> float:
    return sketch.spread / max(view.spread, 1.0)


def _is_place(seen: Seen) -> bool:
    """Whether this is the usual place.

    People before a plain floor are most of its light and shade, and not of its edges.
    """
    if seen.sketch is None or seen.view is None or seen.likeness is None:
        return False
    return seen.likeness >= OUTLINES and (
        seen.likeness >= SAME or likeness(seen.sketch.coarse, seen.view.coarse) >= SHADES
    )


def judge(seen: Seen) -> Judged:
    """Whether the same place is seen without its detail."""
    if seen.sketch is None or seen.view is None:
        return UNTOLD
    if not _is_place(seen):
        return UNTOLD
    contrast = _contrast(seen.sketch, seen.view)
    if is_veiled(seen):
        return Judged(verdict=True, value=round(contrast, 2), limit=CONTRAST, what=VEIL)
    with_edges = seen.view.structured
    if contrast < DIM or not with_edges.any():
        return UNTOLD
    now = float(np.mean(seen.sketch.fine[with_edges])) / max(seen.sketch.spread, 1.0)
    before = float(np.mean(seen.view.fine[with_edges])) / max(seen.view.spread, 1.0)
    share = now / max(before, 1e-6)
    return Judged(verdict=share < SHARP, value=round(share, 2), limit=SHARP)
