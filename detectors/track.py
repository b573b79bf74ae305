"""Track: one thing followed through frames; its id restarts per camera session and is never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Track:
    """One thing in one frame.

    Attributes:
        id: Within one session of one camera; carries no identity (law.md: no re-identification).
        label: Class name of the model.
        box: left, top, right, bottom, in 0..1 of the picture.
        certainty: 0..1 of the latest detection.
        first_at: When it was first seen (UTC).
        at: When it was last seen (UTC).
        peak: 0..1 of its surest detection so far: a thing once seen surely stays that thing while followed.
        still: It has not left its place for a while.
        first_box: Where it was first seen; None: not known. What came in from elsewhere is told from what began here.
    """

    id: int
    label: str
    box: tuple[float, float, float, float]
    certainty: float
    first_at: datetime
    at: datetime
    peak: float = 0.0
    still: bool = False
    first_box: tuple[float, float, float, float] | None = None

    @property
    def surest(self) -> float:
        """0..1 of its surest detection, the latest included."""
        return max(self.certainty, self.peak)

    @property
    def foot(self) -> tuple[float, float]:
        """Bottom centre of the box: the point of a thing that stands in a zone."""
        left, _, right, bottom = self.box
        return (left + right) / 2, bottom
