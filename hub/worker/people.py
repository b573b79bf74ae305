"""People: where persons may be in a picture, found generously, because what is missed would be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.track import Track

Detect = Callable[[NDArray[np.uint8]], Detections]
Box = tuple[float, float, float, float]

PERSON = "person"
TILE = 0.6
"""Side of a corner tile as a share of the picture: four of them overlap by a fifth, so that far and small
persons are seen about twice as large."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def tiles() -> tuple[Box, ...]:
    """The four corner tiles."""
    far = 1.0 - TILE
    return tuple((x, y, x + TILE, y + TILE) for y in (0.0, far) for x in (0.0, far))


def boxes_of(found: Detections, within: Box = WHOLE) -> list[Box]:
    """The persons' boxes, in 0..1 of the picture that `within` was cut from."""
    left, top, right, bottom = within
    size = np.array([right - left, bottom - top] * 2, np.float32)
    corner = np.array([left, top] * 2, np.float32)
    return [
        (float(x0), float(y0), float(x1), float(y1))
        for box, index in zip(found.boxes, found.classes, strict=True)
        if found.labels[int(index)] == PERSON
        for x0, y0, x1, y1 in [box * size + corner]
    ]


def find(
    image: NDArray[np.uint8],
    detect: Detect | None,
    *,
    seen: Detections | None = None,
    tracks: Iterable[Track] = (),
    known: Iterable[Box] = (),
) -> list[Box]:
    """Boxes to blur: the whole picture and its four tiles looked at, and what is followed or known anyway.

    `seen` is what the model saw in the whole picture, if it looked already. Without a model that can tell,
    everything may be a person: the whole picture is the answer.
    """
    if detect is None:
        return [WHOLE]
    height, width = image.shape[:2]
    boxes = boxes_of(detect(image) if seen is None else seen)
    boxes += [*known, *(track.box for track in tracks if track.label == PERSON)]
    for tile in tiles():
        left, top, right, bottom = tile
        part = image[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
        if part.size:
            boxes += boxes_of(detect(np.ascontiguousarray(part)), tile)
    return boxes
