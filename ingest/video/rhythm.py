"""Rhythm: how large a camera's packets are while nothing happens, by their place in the GOP.

Where the camera codes at constant quality, movement makes packets several times larger: that wakes a quiet
camera long before its next keyframe. At constant bitrate sizes say nothing; then nothing stands out from the
rhythm, or it stands out for no reason, and who asks backs off.
"""

from __future__ import annotations

PLACES = 300
"""Places in a GOP that have a rhythm of their own; those further back share the last one."""
KNOWN = 4
"""Packets of one place before it is judged."""
PACE = 0.1
"""Weight of the newest packet."""
DEVIATIONS, SHARE, BYTES = 6.0, 0.6, 300.0
"""A packet stands out that is larger than usual by so many mean deviations, this share and these bytes."""


class Rhythm:
    """Learns sizes (bytes) of packets that are no keyframes; pure: no clock."""

    def __init__(self) -> None:
        self._mean = [0.0] * PLACES
        self._deviation = [0.0] * PLACES
        self._seen = [0] * PLACES

    def odd(self, place: int, size: int) -> bool:
        """Whether a packet `place` packets after its keyframe is larger than usual; it is then learned.

        What stands out is learned only as far as it stands out, so that one burst does not move the rhythm.
        """
        i = min(place, PLACES - 1)
        seen = self._seen[i]
        self._seen[i] = seen + 1
        if seen == 0:
            self._mean[i] = float(size)
            self._deviation[i] = size * 0.2
            return False
        mean, deviation = self._mean[i], self._deviation[i]
        limit = max(DEVIATIONS * deviation, SHARE * mean, BYTES)
        off = size - mean
        pace = max(PACE, 1.0 / (seen + 1))
        near = min(max(off, -limit), limit)
        self._mean[i] = mean + pace * near
        self._deviation[i] = deviation + pace * (abs(near) - deviation)
        return seen >= KNOWN and off > limit
