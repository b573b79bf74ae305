"""Change: whether two small grey pictures of one camera show the same, but for light, noise and its clock.

Numbers are grey levels (0..255) at 160x90 pixels, where a person of 5 % of the picture's height is 4 or 5 pixels
high. False quiet is the worst failure: limits are set so that such a person in weak light still shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEVEL = 4.5
"""Difference of the mean over 3x3 pixels that counts; coding noise there is about 0.5."""
MOST = 12.0
"""Noise raises a pixel's limit no further."""
NOISES = 3.0
"""Times a pixel's own mean difference; more than that counts."""
TYPICAL = 8.0
"""Times the middle difference of the picture at hand, which nearly all of its pixels exceed by chance only."""
FEWEST = 3
"""Pixels that must differ: a person of 3 % of the height gives more."""
GAIN, OFFSET = (0.6, 1.6), 40.0
"""What passes for the camera's exposure or a cloud; a larger change of light is a change."""

FLAT = 10.0
"""Grey levels between the quarters of a picture in which no gain can be measured."""
_QUARTERS = (0.25, 0.75)

RESTLESS = 0.5
"""A pixel that differed in more than this share of the latest looks is the camera's clock or a blinking lamp."""
AREA = 0.03
"""Share of the picture that may be passed over as restless; more than a clock's worth is never passed over."""
PACE = 0.12
"""Weight of the newest look in what is known of a pixel."""
REACH = (1, 5)
"""Rows and columns around restless pixels that are passed over too: a clock's minutes beside its seconds."""


def difference(before: Plane, after: Plane) -> Plane | None:
    """`after` minus `before` once the light of both is made equal, as the mean over 3x3 pixels around each.

    The light is `gain * before + offset`, fitted to the calmer half of every ninth pixel; None where the light
    itself changed much.
    """
    few, same = before[1::3, 1::3].ravel(), after[1::3, 1::3].ravel()
    low, high, low_now, high_now = *np.quantile(few, _QUARTERS), *np.quantile(same, _QUARTERS)
    gain = (high_now - low_now) / (high - low) if high - low >= FLAT else 1.0
    off = same - gain * few
    off = np.abs(off - np.median(off))
    calm = off <= max(float(np.median(off)), 1.0)
    known, seen = few[calm], same[calm]
    level, now = float(known.mean()), float(seen.mean())
    if high - low >= FLAT:
        gain = float(((known - level) * (seen - now)).mean()) / max(float(known.var()), 1.0)
    if not GAIN[0] <= gain <= GAIN[1] or abs(now - level) > OFFSET:
        return None
    return cast("Plane", cv2.blur(after - np.float32(gain) * before, (3, 3)) - np.float32(now - gain * level))


@dataclass(slots=True)
class Ground:
    """What is known of a camera's picture while nothing happens: how much each pixel wavers by itself.

    Attributes:
        mask: (90, 160), true where changes count; None for everywhere.
        noise: Mean difference of each pixel from look to look, in grey levels.
        restless: Share of the latest looks in which each pixel differed.
    """

    mask: Mask | None = None
    noise: Plane = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), np.float32))
    restless: Plane = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), np.float32))

    def changed(self, difference: Plane | None) -> bool:
        """Whether two pictures, whose difference() this is, show different things."""
        if difference is None:
            return True
        off = np.abs(difference)
        noise = np.maximum(NOISES * self.noise, TYPICAL * np.float32(np.median(off[1::3, 1::3])))
        over = off > np.clip(noise, LEVEL, MOST)
        if self.mask is not None:
            over &= self.mask
        if np.count_nonzero(over) < FEWEST:
            return False
        return int(np.count_nonzero(over & ~self._passed_over())) >= FEWEST

    def learn(self, difference: Plane | None) -> None:
        """Of two looks a second or more apart between which nobody saw anything: what wavers is the picture's own."""
        if difference is None:
            return
        wavers = np.abs(difference)
        self.noise += np.float32(PACE) * (np.minimum(wavers, LEVEL) - self.noise)
        self.restless += np.float32(PACE) * ((wavers > LEVEL).astype(np.float32) - self.restless)

    def _passed_over(self) -> Mask:
        """Restless pixels and what is beside them, as long as they are few."""
        restless = self.restless > RESTLESS
        if not restless.any() or np.count_nonzero(restless) > AREA * restless.size:
            return np.zeros_like(restless)
        high, wide = REACH
        rows, columns = np.nonzero(restless)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            restless[max(0, row - high) : row + high + 1, max(0, column - wide) : column + wide + 1] = True
        return restless
