"""People: where persons and faces may be in a picture, found generously, because what is missed would be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import tiling
from detectors.detections import Detections

Detect = Callable[[NDArray[np.uint8]], Detections]
Box = tuple[float, float, float, float]

PERSON = "person"
TILES = tiling.tiles(tiling.Grid(2, 2))
"""Far and small persons are seen in them about twice as large."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
NO_PICTURE = np.zeros((0, 0, 3), np.uint8)
"""Nothing is in it; who asks about it wants the models loaded."""


class Hidden(NamedTuple):
    """What is blurred, boxes in 0..1.

    Attributes:
        persons: Whole bodies.
        faces: What models found that serve for nothing but hiding: of persons whose bodies are behind something, too.
    """

    persons: list[Box]
    faces: list[Box]


def boxes_of(found: Detections, within: Box = WHOLE) -> list[Box]:
    """The persons' boxes, in 0..1 of the picture that `within` was cut from."""
    return _boxes(found, [each == PERSON for each in found.labels], within)


def _boxes(found: Detections, wanted: Sequence[bool], within: Box) -> list[Box]:
    left, top, right, bottom = within
    size = np.array([right - left, bottom - top] * 2, np.float32)
    corner = np.array([left, top] * 2, np.float32)
    return [
        (float(x0), float(y0), float(x1), float(y1))
        for box, index in zip(found.boxes, found.classes, strict=True)
        if wanted[int(index)]
        for x0, y0, x1, y1 in [box * size + corner]
    ]


def faces_of(image: NDArray[np.uint8], hiders: Iterable[Detect], within: Box = WHOLE) -> list[Box]:
    """Whatever `hiders` find in a picture, in 0..1 of the one that `within` was cut from."""
    boxes = []
    for hider in hiders:
        found = hider(image)
        boxes += _boxes(found, [True] * len(found.labels), within)
    return boxes


def find(
    image: NDArray[np.uint8],
    detect: Detect | None,
    hiders: Sequence[Detect] = (),
    *,
    known: Iterable[Box] | None = None,
) -> Hidden:
    """What to blur: the whole picture and its four tiles looked at, and what is followed or known anyway.

    `known` are persons in it, where the model looked at the whole picture already. Without a model that can tell,
    everything may be a person: the whole picture is the answer.
    """
    if detect is None:
        return Hidden([WHOLE], [])
    persons = boxes_of(detect(image)) if known is None else [*known]
    faces = faces_of(image, hiders)
    for tile in TILES:
        part = tiling.cut(image, tile)
        if part.size:
            persons += boxes_of(detect(part), tile)
            faces += faces_of(part, hiders, tile)
    return Hidden(persons, faces)
