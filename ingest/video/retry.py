"""Retry: how long a camera that is away is left alone before the next attempt. No clock, no thread.

Three wishes meet here. A camera whose stream returns is back within 10 s: so pauses stay short. A camera
that stays away costs at most a thousandth of a core: so an attempt that was expensive is followed by a pause
that pays for it. And a wrong password is not said again and again: many cameras lock the account after a few.
"""

from __future__ import annotations

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 3.0
"""Seconds between attempts that cost next to nothing; they take up to 3 s to fail themselves."""
BUDGET = 0.0008
"""Share of a core that attempts may cost."""
DEAREST_PAUSE = 60.0
"""Seconds; what only an enemy reaches."""
LIVED = 60.0
"""Seconds since its last packet for which a camera is tried often, whatever an attempt costs."""
REFUSED_LOGIN = (10.0, 60.0)
"""First and longest pause after `unauthorized`."""


class Retry:
    """The pauses of one camera."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._login = REFUSED_LOGIN[0]

    def delivered(self) -> None:
        """Packets came: the next failure begins with a short pause again."""
        self._pause = FIRST_PAUSE
        self._login = REFUSED_LOGIN[0]

    def failed(self, reason: str, *, cpu: float, wall: float, away: float | None) -> float:
        """Seconds to wait before the next attempt.

        Args:
            reason: Slug of CameraUnreachable or StreamEnded.
            cpu: Seconds of processor time that the attempt took, 0 for one that delivered.
            wall: Seconds that it took.
            away: Seconds since the last packet, None when there never was one.
        """
        if reason == "unauthorized":
            pause, self._login = self._login, min(self._login * 2, REFUSED_LOGIN[1])
            return pause
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        most = LONGEST_PAUSE if away is not None and away < LIVED else DEAREST_PAUSE
        return max(pause, min(cpu / BUDGET - wall, most))
