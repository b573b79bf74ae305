"""Gate: decides when a quiet camera is looked at, when it is woken, and when it may be quiet again.

             a look shows a change, or a hold            nothing moved for CALM, nothing held
    quiet ──────────────────────────────────▶ open ──────────────────────────────────────▶ quiet
      ▲ looks: keyframes, packets out of rhythm, at the latest after max_blind

It begins open: what stands there from the start is seen. Where nobody has time for that yet it begins quiet, and
where a stream was away for a while it goes on as it was. Once quiet, every look is compared with the picture at
which the gate closed, so that slow changes add up until they open it. Every keyframe is looked at, but where sizes
tell (see Calm) and were as usual, only as many as max_blind asks for. Pure: no clock, no thread, no decoder.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.video.calm import Calm
from ingest.video.change import Ground, Mask, Plane, difference
from ingest.video.rhythm import Rhythm

CALM = 5.0
"""Seconds without a change before an open gate closes."""
LOOK_EVERY = 0.9
"""Seconds between looks at keyframes: a camera that sends only keyframes (MJPEG) is not looked at each time."""
GLIMPSE_EVERY = 0.5
"""Seconds between looks while open."""
LEARN_EVERY = 0.9
"""Seconds between looks from which the picture's own wavering is learned."""
UNSURE = 2.0
"""Seconds after which a camera is looked at whose sizes tell nothing, where max_blind does not ask for it earlier."""
PATIENCE = 1.2
"""Times this that a look waits when the camera's own rhythm promises a keyframe within it."""
NEVER = 1e9
"""Seconds ago."""
JITTER = 1.02
"""Times max_blind at which the next keyframe still comes in time: stamps are rounded."""
ODD = 2
"""Packets out of rhythm among the latest three that ask for a look."""
SOON = 1.0
"""Seconds to the next keyframe for which packets out of rhythm wait: everything before it need not be decoded."""
FIRST_REST, LONGEST_REST, LONGER = 4.0, 600.0, 4.0
"""Seconds without looks for sizes after one that showed nothing, and times that for the next one (constant bitrate).
Such a look is dear: everything since the keyframe must be decoded."""


class Gate:
    """One camera's. `at` is media time in seconds; once it opened, it goes back to `clear_at`. Sizes in bytes.

    Attributes:
        open: Whether it is.
        began: Whether it ever was.
        clear_at: Up to this time nothing happened that was not looked at, as of one look ago: what begins to show
            below the limits is then in the pictures that are decoded once the gate opens. Below 0 before the first.
        passed_over: The keyframe at hand needs no look: its GOP's sizes said that nothing came in.
    """

    def __init__(self, *, max_blind: float = 4.0, pinned: bool = False, quiet: bool = False) -> None:
        self.open = self.began = pinned or not quiet
        self.clear_at = -1.0
        self._clear_now = -1.0
        self._max_blind = max_blind
        self._pinned = pinned
        self._ground = Ground()
        self._rhythm = Rhythm()
        self._calm = Calm()
        self._strange = False
        self.passed_over = False
        self._reference: Plane | None = None
        self._learned: tuple[float, Plane] | None = None
        self._calm_since = 0.0
        self._looked_at = 0.0
        self._keyframe_looked_at = -NEVER
        self._place = 0
        self._keyframe_at: float | None = None
        self._gop = 0.0
        self._odd = 0
        self._for_size = False
        self._rest = FIRST_REST
        self._rest_until = 0.0

    def again(self) -> None:
        """Another session of the same stream: its media time begins anew, what is known of the picture stays."""
        self.clear_at = self._clear_now = -1.0
        self._learned = self._keyframe_at = None
        self._calm_since = self._looked_at = self._rest_until = 0.0
        self._keyframe_looked_at = -NEVER
        self._place = self._odd = 0
        self._strange = self.passed_over = False
        self._calm.lost()

    @property
    def gop(self) -> float:
        """Seconds between the latest two keyframes; 0 before the second."""
        return self._gop

    def watch(self, mask: Mask | None) -> None:
        """Let only changes inside `mask` (90, 160) count; None for everywhere."""
        self._ground.mask = mask

    def due(self, at: float, size: int, *, keyframe: bool) -> bool:
        """One more packet: whether the picture it gives must be looked at."""
        if keyframe:
            if self._keyframe_at is not None:
                self._gop = at - self._keyframe_at
            self._keyframe_at, self._place, self._odd = at, 0, 0
        else:
            self._place += 1
        self._for_size = self.passed_over = False
        if self.open:
            return keyframe or at - self._looked_at >= GLIMPSE_EVERY
        if keyframe:
            return self._keyframe_due(at, size)
        self._calm.other(size)
        self._odd = (self._odd << 1 | int(self._rhythm.odd(self._place, size))) & 0b111
        odd = self._odd.bit_count() >= ODD
        self._strange = self._strange or odd
        if odd and at >= self._rest_until and not self._keyframe_within(SOON, at):
            self._for_size = True
            return True
        blind, most = at - self._looked_at, self._max_blind
        if self._strange or not self._calm.holds:
            most = min(most, UNSURE)
        return blind >= most and not (
            blind < most * PATIENCE and self._keyframe_within(most * PATIENCE - blind, at)
        )

    def _keyframe_due(self, at: float, size: int) -> bool:
        calm = self._calm.keyframe(at, size) and not self._strange
        self._strange = False
        since = at - self._keyframe_looked_at
        if since < min(LOOK_EVERY, self._max_blind):
            return False
        if calm and since + self._gop <= self._max_blind * JITTER:
            self._clear(at)
            self.passed_over = True
            return False
        self._keyframe_looked_at = at
        return True

    def _keyframe_within(self, seconds: float, at: float) -> bool:
        """Whether the length of the latest GOP promises a keyframe soon."""
        return self._keyframe_at is not None and at < self._keyframe_at + self._gop <= at + seconds

    def look(self, at: float, grey: NDArray[np.uint8], *, held: bool = False) -> bool:
        """The picture as of `at`, uint8 (90, 160); whether the gate is open afterwards.

        `held`: somebody follows something in this camera, so it stays open.
        """
        plane = grey.astype(np.float32)
        if self.open:
            self._while_open(at, plane, held)
        else:
            self._while_quiet(at, plane, held)
        self._looked_at = at
        return self.open

    def wake(self) -> None:
        """Open without a look: somebody holds it, or its pictures cannot be decoded."""
        self.open = self.began = True
        self._reference = self._learned = None
        self._keyframe_looked_at = -NEVER
        self._calm.lost()

    def _while_quiet(self, at: float, plane: Plane, held: bool) -> None:
        if self.clear_at < 0:  # the first look of this session
            self.clear_at = self._clear_now = at
            if self._reference is None:
                self._reference = plane
        seen = None if self._reference is None else difference(self._reference, plane)
        if held or self._ground.changed(seen):
            if self._for_size:  # sizes tell
                self._rest = FIRST_REST
            self.wake()
            return
        self._clear(at)
        self._ground.learn(seen)
        if self._for_size:  # it said nothing: at constant bitrate it never will
            self._odd = 0
            self._rest_until = at + self._rest
            self._rest = min(self._rest * LONGER, LONGEST_REST)

    def _clear(self, at: float) -> None:
        self.clear_at, self._clear_now = self._clear_now, at

    def _while_open(self, at: float, plane: Plane, held: bool) -> None:
        self._learn(at, plane, held)
        if self._reference is None or self._ground.changed(difference(self._reference, plane)):
            self._reference, self._calm_since = plane, at
        elif not held and not self._pinned and at - self._calm_since >= CALM:
            self._reference = plane
            self.open = False
            self.clear_at = self._clear_now = at
            self._odd = 0

    def _learn(self, at: float, plane: Plane, held: bool) -> None:
        """While open, from looks that follow each other at some distance."""
        if held:
            self._learned = None
        elif self._learned is None or at - self._learned[0] >= LEARN_EVERY:
            if self._learned is not None:
                self._ground.learn(difference(self._learned[1], plane))
            self._learned = (at, plane)
