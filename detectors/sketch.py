"""Sketch: what one glance comes to: how bright, how much of it differs, where its edges are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH, Glance

BLOCK = 10
"""Pixels: a glance has 9 rows of 16 blocks."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """One glance in numbers; brightness is 0 to 255.

    Attributes:
        at: When it arrived (UTC).
        grey: uint8 (90, 160), the glance itself.
        mean: Mean brightness.
        low: Brightness below which a fiftieth of the picture lies.
        high: Brightness above which a fiftieth lies.
        spread: Standard deviation of the brightness.
        edges: float32 (90, 160), strength of edges, smoothed so that a pixel's shift does not matter; a logarithm,
            so that a dark coat before a pale road does not outweigh the road.
        coarse: float32 (9, 16), mean brightness of each block.
        texture: float32 (9, 16), mean strength of edges in each block.
        fine: float32 (9, 16), mean strength of the finest detail in each block.
    """

    at: datetime
    grey: NDArray[np.uint8]
    mean: float
    low: float
    high: float
    spread: float
    edges: NDArray[np.float32]
    coarse: NDArray[np.float32]
    texture: NDArray[np.float32]
    fine: NDArray[np.float32]


def sketch(glance: Glance) -> Sketch:
    """What this glance comes to; about a third of a millisecond."""
    grey = glance.grey
    if grey.shape != (HEIGHT, WIDTH):
        raise ValueError(f"a glance is {HEIGHT} x {WIDTH}, not {grey.shape}")
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.25)
    strength = cast("NDArray[np.float32]", cv2.magnitude(across, down))
    detail = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    low, high = np.percentile(grey, (2, 98))
    return Sketch(
        at=glance.at,
        grey=grey,
        mean=float(grey.mean()),
        low=float(low),
        high=float(high),
        spread=float(grey.std()),
        edges=np.log1p(cast("NDArray[np.float32]", cv2.blur(strength, (3, 3)))),
        coarse=blocks(grey.astype(np.float32)),
        texture=blocks(strength),
        fine=blocks(cast("NDArray[np.float32]", detail)),
    )


def blocks(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each block: (90, 160) becomes (9, 16)."""
    rows, columns = HEIGHT // BLOCK, WIDTH // BLOCK
    return cast(
        "NDArray[np.float32]",
        picture.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3), dtype=np.float32),
    )


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of two arrays of one shape, -1 to 1: 1 for the same picture, brighter or not; 0 for strangers."""
    left, right = a - a.mean(), b - b.mean()
    size = float(np.sqrt((left * left).sum() * (right * right).sum()))
    return float((left * right).sum()) / size if size > 1e-6 else 0.0


def shift_between(now: NDArray[np.float32], before: NDArray[np.float32]) -> tuple[int, int, float]:
    """By how many pixels (right, down) the picture went, and how alike both are where they then overlap."""
    window = cast("NDArray[np.float32]", cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F))
    (x, y), _ = cv2.phaseCorrelate(
        before.copy(), now.copy(), window
    )  # it may multiply the window into what it gets
    right, down = round(x), round(y)
    if abs(right) > WIDTH * 0.7 or abs(down) > HEIGHT * 0.7:
        return 0, 0, 0.0
    ours = now[max(0, down) : HEIGHT + min(0, down), max(0, right) : WIDTH + min(0, right)]
    theirs = before[max(0, -down) : HEIGHT + min(0, -down), max(0, -right) : WIDTH + min(0, -right)]
    return right, down, likeness(ours, theirs)
