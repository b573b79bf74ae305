"""Fault `moved`: the camera looks elsewhere: its usual edges lie beside where they were, or are all gone.

People and vehicles come and go; what is learned are edges that stay. A change of light leaves some of them.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from detectors.usual import RELATED, SAME, STRUCTURED
from ingest.glance import WIDTH
from ingest.text import Text

CONDITION = "camera-moved"
SEVERITY: Severity = "minor"
NAME = Text("摄像机移位", "the camera was moved")
RAISE_AFTER = timedelta(minutes=2)
CLEAR_AFTER = timedelta(seconds=30)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "picture"

FOUND = 0.5
"""Likeness from which the usual view was found again beside its place."""
BETTER = 0.15
"""By so much it must fit better there than unshifted."""
LEAST = 4
"""Pixels of a glance (a fortieth of the width): wind and trains shake less than that."""
PLAIN = 0.1
"""Share of blocks with edges below which a picture is too plain to tell where it looks."""


def judge(seen: Seen) -> Judged:
    """Whether the usual view is elsewhere, or nowhere."""
    if seen.sketch is None or seen.view is None or seen.likeness is None:
        return UNTOLD
    value = round(seen.likeness, 2)
    if seen.likeness >= SAME and not is_shifted(seen):
        return Judged(verdict=False, value=value, limit=SAME)
    if float(np.mean(seen.sketch.texture >= STRUCTURED)) < PLAIN:
        return UNTOLD
    if is_shifted(seen) and seen.shift is not None:
        right, down, _ = seen.shift
        share = max(abs(right), abs(down)) / WIDTH
        what = Text(
            f"摄像机移位：画面偏移约 {share:.0%}",
            f"the camera was moved: its view shifted by about {share:.0%}",
        )
        return Judged(verdict=True, value=value, limit=SAME, what=what)
    if seen.likeness < RELATED and seen.view.same_light(seen.sketch):
        return Judged(
            verdict=True,
            value=value,
            limit=RELATED,
            what=Text("摄像机转向他处", "the camera looks elsewhere"),
        )
    return Judged(verdict=None, value=value, limit=SAME)


def is_shifted(seen: Seen) -> bool:
    """Whether the usual view lies beside its place."""
    if seen.shift is None or seen.likeness is None:
        return False
    right, down, found = seen.shift
    return max(abs(right), abs(down)) >= LEAST and found >= FOUND and found >= seen.likeness + BETTER
