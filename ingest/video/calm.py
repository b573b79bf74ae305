"""Calm: whether a camera's whole GOPs are as large as ever, where that means that nothing came into the picture.

Where a camera codes at constant quality and its picture has little noise, a GOP in which nothing moves is almost
nothing but its keyframe, and always of the same size: whoever comes in, however small or dim, adds clearly to it.
Such a GOP counts as a look. Elsewhere (constant bitrate, a noisy sensor) it tells nothing, and never counts.
"""

from __future__ import annotations

from collections import deque
from statistics import median

KNOWN, KEPT = 4, 16
"""GOPs before one is judged, and of how many the usual size is the middle one."""
DEVIATIONS, SHARE, BYTES = 4.0, 0.05, 300.0
"""A GOP is as usual while it differs by no more than one of these: middle deviations, share, bytes."""
TELLS = 800.0
"""Bytes a second that may pass as usual at most, else sizes tell nothing: a person of under 5 % of the height of a
720p picture adds about 1,100 (benchmark, film `small`), one of the usual size 5,000 and more."""


class Calm:
    """One camera's. Feed it every packet; sizes in bytes, times in seconds of media time. Pure: no clock."""

    def __init__(self) -> None:
        self._sizes: deque[tuple[int, int]] = deque(maxlen=KEPT)
        self._began: tuple[float, int] | None = None
        self._sum = 0
        self.holds = False
        """The latest whole GOP was as usual, and would not have been, had anybody come in."""

    def lost(self) -> None:
        """Packets are not fed for a while: the GOP at hand stays incomplete."""
        self._began = None
        self.holds = False

    def other(self, size: int) -> None:
        """A packet that is no keyframe."""
        self._sum += size

    def keyframe(self, at: float, size: int) -> bool:
        """A keyframe ends a GOP; whether `holds` is true now."""
        if self._began is not None:
            since, key = self._began
            self.holds = self._judge(at - since, key, self._sum)
        self._began, self._sum = (at, size), 0
        return self.holds

    def _judge(self, seconds: float, key: int, others: int) -> bool:
        usual, limit = _usual([size for _, size in self._sizes])
        usual_key, limit_key = _usual([size for size, _ in self._sizes])
        known = len(self._sizes) >= KNOWN
        self._sizes.append((key, others))
        as_usual = abs(others - usual) <= limit and abs(key - usual_key) <= limit_key
        return known and as_usual and limit <= TELLS * seconds


def _usual(sizes: list[int]) -> tuple[float, float]:
    """The middle size, and what passes for it."""
    if not sizes:
        return 0.0, 0.0
    middle = median(sizes)
    deviation = median(abs(size - middle) for size in sizes)
    return middle, max(DEVIATIONS * deviation, SHARE * middle, BYTES)
