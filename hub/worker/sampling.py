"""Sampling: why a camera is looked at less often than its `fps` asks; pure."""

from __future__ import annotations

from typing import Literal

from hub.worker.schedule import Shortage

SHORT = 0.9
"""Share of the wanted rate below which a reason is given; the rate is a mean over 10 s, a frame more or less."""

Less = Literal["no-stream", "model-failed", "quiet", "source-slower"] | Shortage


def why_less(
    *,
    target: float,
    actual: float,
    received: float,
    state: str,
    blind: bool,
    gate: str,
    shortage: Shortage | None,
) -> Less | None:
    """The reason, None when the camera has its rate.

    Args:
        target: Looks per second that are wanted.
        actual: Looks per second, mean of the last 10 s.
        received: Frames per second that the camera sends.
        state: Of the camera.
        blind: Its model cannot be used.
        gate: `quiet` or `open`.
        shortage: What the schedule says.
    """
    if actual >= target * SHORT:
        return None
    if state in {"offline", "unknown"}:
        return "no-stream"
    if blind:
        return "model-failed"
    if shortage is not None:
        return shortage
    if gate == "quiet":
        return "quiet"
    if received < target * SHORT:
        return "source-slower"
    return "overloaded"
