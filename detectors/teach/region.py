"""Region: which part of a picture a taught condition looks at. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingest.errors import InvalidInput

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""

Rectangle = tuple[float, float, float, float]
"""left, top, width, height in 0..1 of the picture."""

Kind = Literal["picture", "rectangle", "upper-body"]
LEAST_PIXELS = 8
"""On each side: of less there is nothing to see."""

BODY_SHARE = 0.5
"""Of the height of a person's box: head, chest and arms."""
BODY_SIDES = 0.1
"""Of the width, added on the left and on the right: boxes cut elbows off."""
BODY_ABOVE = 0.08
"""Of the height, added above: boxes cut hats off."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where a condition is looked for.

    Attributes:
        kind: picture: pictures come cut already. rectangle: a fixed part of the camera's picture. upper-body: cut out
            of each person's box (upper_body()); pictures of it come cut already.
        rectangle: left, top, width, height in 0..1 of the picture; only with `rectangle`.
    """

    kind: Kind = "picture"
    rectangle: Rectangle | None = None

    def cut(self, picture: Picture) -> Picture:
        """The part that is looked at; InvalidInput when hardly a pixel of it is there."""
        part = picture if self.rectangle is None else _part(picture, self.rectangle)
        if min(part.shape[:2]) < LEAST_PIXELS:
            raise InvalidInput(
                f"the region has {part.shape[1]} × {part.shape[0]} pixels, fewer than {LEAST_PIXELS} on a side",
                mend="choose a larger region, or pictures of the camera's main stream",
            )
        return part

    def __str__(self) -> str:
        """As parse_region() reads it."""
        return self.kind if self.rectangle is None else ",".join(f"{each:g}" for each in self.rectangle)


def parse_region(text: str) -> Region:
    """`picture`, `upper-body`, or `left,top,width,height` in 0..1 of the picture; else InvalidInput."""
    if text == "picture":
        return Region()
    if text == "upper-body":
        return Region("upper-body")
    mend = "write left,top,width,height in 0..1 of the picture, such as 0.2,0.3,0.25,0.4, or upper-body"
    try:
        left, top, width, height = (float(each) for each in text.split(","))
    except ValueError as wrong:
        raise InvalidInput(f"{text!r} is no region", where="region", mend=mend) from wrong
    inside = left >= 0 and top >= 0 and width > 0 and height > 0 and left + width <= 1 and top + height <= 1
    if not inside:
        raise InvalidInput(f"the region {text} lies outside the picture", where="region", mend=mend)
    return Region("rectangle", (left, top, width, height))


def upper_body(box: tuple[float, float, float, float]) -> Rectangle | None:
    """The upper body of a person's box (left, top, right, bottom in 0..1) as left, top, width, height.

    Inside the picture; None when nothing of it is.
    """
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    first, last = max(0.0, left - BODY_SIDES * width), min(1.0, right + BODY_SIDES * width)
    upper, lower = max(0.0, top - BODY_ABOVE * height), min(1.0, top + BODY_SHARE * height)
    if last <= first or lower <= upper:
        return None
    return first, upper, last - first, lower - upper


def bodies(
    picture: Picture, boxes: Sequence[tuple[float, float, float, float]]
) -> list[tuple[Picture, Rectangle]]:
    """The upper bodies of the persons in these boxes (left, top, right, bottom), and where they are.

    The largest first; what is too small to see is left out.
    """
    height, width = picture.shape[:2]
    found = []
    for box in boxes:
        body = upper_body(box)
        if body is not None and min(body[2] * width, body[3] * height) >= LEAST_PIXELS + 1:
            found.append((Region("rectangle", body).cut(picture), body))
    return sorted(found, key=lambda each: -each[0].size)


def _part(picture: Picture, rectangle: Rectangle) -> Picture:
    height, width = picture.shape[:2]
    left, top, wide, tall = rectangle
    first, upper = round(left * width), round(top * height)
    return picture[upper : round((top + tall) * height), first : round((left + wide) * width)]
