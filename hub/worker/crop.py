"""Crop: a region of a picture as it is, for teaching: never shown but by right."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.teach.region import Picture, Region, bodies
from hub.worker.people import Detect, boxes_of
from ingest.errors import InvalidInput, NotFound


def png(region: Region, picture: Picture, detect: Detect | None) -> bytes:
    """The region as a PNG; of upper bodies the largest, found with `detect`.

    Raises InvalidInput for a region with hardly a pixel, NotFound for the upper body of nobody.
    """
    if region.kind == "upper-body":
        if detect is None:
            raise NotFound("no model of this camera knows persons", mend="give the camera one that does")
        found = bodies(picture, boxes_of(detect(picture)))
        if not found:
            raise NotFound("nobody is in the picture", mend="choose a moment in which somebody is")
        part, _ = found[0]
    else:
        part = region.cut(picture)
    done, data = cv2.imencode(".png", np.ascontiguousarray(part))
    if not done:
        raise InvalidInput("the region cannot be written as PNG", where=str(region))
    return data.tobytes()
