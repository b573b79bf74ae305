"""Fault `low-rate`: far fewer pictures arrive than this camera usually sends.

Many cameras halve their rate in the dark; that is no fault.
"""

from __future__ import annotations

from datetime import timedelta

from detectors.fault import UNTOLD, Judged, Seen
from detectors.signal import Severity
from ingest.text import Text

CONDITION = "camera-frame-rate-low"
SEVERITY: Severity = "info"
NAME = Text("帧率过低", "the frame rate is low")
RAISE_AFTER = timedelta(minutes=1)
CLEAR_AFTER = timedelta(seconds=30)
QUIET_AT: tuple[str, ...] = ()
LOOKS_AT = "stream"

LOW = 0.4
"""Below this share of the usual rate."""
FINE = 0.6
"""From this share on it is over."""


def judge(seen: Seen) -> Judged:
    """Whether pictures come too rarely."""
    if seen.stream is None or not seen.usual_fps:
        return UNTOLD
    share = seen.stream.fps / seen.usual_fps
    verdict = True if share < LOW else False if share >= FINE else None
    what = Text(
        f"帧率过低：每秒 {seen.stream.fps:.1f} 帧，平时 {seen.usual_fps:.1f} 帧",
        f"the frame rate is low: {seen.stream.fps:.1f} per second, usually {seen.usual_fps:.1f}",
    )
    return Judged(
        verdict=verdict, value=round(seen.stream.fps, 1), limit=round(LOW * seen.usual_fps, 1), what=what
    )
