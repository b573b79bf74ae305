"""Draw: boxes, labels and a zone on a picture, for the evidence that is shown.

Labels stay ASCII (class names of the model): OpenCV's letters know no Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.track import Track

DECIDED = (0, 140, 255)
"""BGR, orange: what decided; told apart from the zone's blue by people who see no red and green."""

ZONE = (255, 160, 0)
PAPER = (255, 255, 255)
INK = (30, 30, 30)


def draw_boxes(
    image: NDArray[np.uint8],
    tracks: Iterable[Track],
    zone: Sequence[tuple[float, float]] | None = None,
) -> NDArray[np.uint8]:
    """A copy of a BGR picture with the zone's outline, and each track's box, class, certainty and foot."""
    result = image.copy()
    height, width = image.shape[:2]
    pen = max(1, round(min(width, height) / 300))
    if zone:
        corners = np.array([[x * (width - 1), y * (height - 1)] for x, y in zone]).round().astype(np.int32)
        veil = result.copy()
        cv2.fillPoly(veil, [corners], ZONE)
        cv2.addWeighted(veil, 0.12, result, 0.88, 0, dst=result)
        cv2.polylines(result, [corners], isClosed=True, color=ZONE, thickness=pen, lineType=cv2.LINE_AA)
    for track in tracks:
        left, top, right, bottom = track.box
        first = (round(left * (width - 1)), round(top * (height - 1)))
        last = (round(right * (width - 1)), round(bottom * (height - 1)))
        cv2.rectangle(result, first, last, DECIDED, pen + 1)
        foot = (round(track.foot[0] * (width - 1)), round(track.foot[1] * (height - 1)))
        cv2.circle(result, foot, pen * 3, DECIDED, thickness=-1, lineType=cv2.LINE_AA)
        _label(result, f"{track.label} {track.certainty:.0%}", first, pen)
    return result


def _label(image: NDArray[np.uint8], text: str, corner: tuple[int, int], pen: int) -> None:
    """Text on paper above `corner`, moved to where it can be read whole."""
    plain = text.encode("ascii", "replace").decode()
    scale = max(0.4, min(image.shape[:2]) / 1000)
    (wide, tall), under = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    x = max(0, min(corner[0], image.shape[1] - wide - 4))
    y = corner[1] - under - 3 if corner[1] - tall - under - 6 >= 0 else corner[1] + tall + 6
    cv2.rectangle(image, (x, y - tall - 4), (x + wide + 4, y + under), PAPER, -1)
    cv2.rectangle(image, (x, y - tall - 4), (x + wide + 4, y + under), DECIDED, pen)
    cv2.putText(image, plain, (x + 2, y), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)
