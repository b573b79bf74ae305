"""Tiling: what is far and small is looked at part by part, as large as the model can see it. Pure.

    the whole picture ─┐
    tile, tile, …  ────┴─▶ boxes in 0..1 of the picture ─▶ without those a tile's edge cuts ─▶ the surest of each thing

Tiles overlap by a third of a tile, so that what is smaller than that is whole in one of them; what is larger is seen in
the whole picture anyway. Every look costs one more inference for each tile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.nms import covered, keep_surest
from ingest.raster import Pixels, Raster

Tile = tuple[float, float, float, float]
"""left, top, right, bottom in 0..1 of the picture."""

MOST = 4
"""Tiles in a row or column: of the smallest thing worth a look in 720p."""
EDGE = 0.01
"""Share of a tile: a box that comes so near to an edge inside the picture is cut by it."""
SAME = 0.5
"""Overlap from which two boxes are one thing."""
WITHIN = 0.8
"""Share of a box that lies in a surer one of its class, from which it is a part of that."""
MOST_BOXES = 300


class Grid(NamedTuple):
    """How many tiles: `1x1` is the whole picture only."""

    columns: int = 1
    rows: int = 1

    def __str__(self) -> str:
        """As parse_grid() reads it."""
        return f"{self.columns}x{self.rows}"


def parse_grid(text: str) -> Grid:
    """`COLUMNSxROWS`, each 1 to 4; else ValueError."""
    found = re.fullmatch(r"([1-9])x([1-9])", text.strip().lower())
    if found is None or max(int(found[1]), int(found[2])) > MOST:
        raise ValueError(f"{text!r} is no grid of tiles; write columns x rows, 1x1 to {MOST}x{MOST}, as 2x2")
    return Grid(int(found[1]), int(found[2]))


def tiles(grid: Grid) -> tuple[Tile, ...]:
    """Row by row; two in a row are 0.6 wide each, three 0.43."""
    return tuple(
        (left, top, right, bottom)
        for top, bottom in _parts(grid.rows)
        for left, right in _parts(grid.columns)
    )


def _parts(number: int) -> list[tuple[float, float]]:
    side = 1.0 / (number - (number - 1) / 3)
    begins = [each * side * 2 / 3 for each in range(number)]
    return [(begin, min(1.0, begin + side)) for begin in begins]


def cut(picture: NDArray[np.uint8], tile: Tile) -> NDArray[np.uint8]:
    """That part of a picture (height, width, 3), as one piece of memory."""
    height, width = picture.shape[:2]
    left, top, right, bottom = tile
    part = picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    return np.ascontiguousarray(part)


def look(detect: Callable[[Raster], Detections], raster: Raster, grid: Grid) -> Detections:
    """What `detect` finds in the whole picture and in each tile of it, each thing once."""
    whole = detect(raster)
    if grid == Grid():
        return whole
    picture = raster.whole()
    return merged(whole, [(detect(Pixels(cut(picture, tile))), tile) for tile in tiles(grid)])


def merged(whole: Detections, parts: Sequence[tuple[Detections, Tile]]) -> Detections:
    """Detections of the whole picture and of tiles (boxes in 0..1 of the tile) as one, in 0..1 of the picture."""
    found = _joined([whole, *(_placed(_uncut(each, tile), tile) for each, tile in parts)])
    kept = keep_surest(found.boxes, found.certainty, max_overlap=SAME, max_boxes=MOST_BOXES)
    found = _rows(found, kept)
    inside = covered(found.boxes) >= WITHIN
    inside &= found.classes[:, None] == found.classes[None, :]
    inside &= np.tri(len(found), k=-1, dtype=np.bool_)  # the surest come first: a row's columns before it
    parts_of_others: NDArray[np.bool_] = np.any(inside, axis=1)
    return found.only(~parts_of_others)


def _uncut(found: Detections, tile: Tile) -> Detections:
    """Without what an edge of the tile cuts, where that is not the picture's own."""
    left, top, right, bottom = tile
    boxes = found.boxes
    cut_off = np.zeros(len(found), np.bool_)
    if left > 0:
        cut_off |= boxes[:, 0] < EDGE
    if top > 0:
        cut_off |= boxes[:, 1] < EDGE
    if right < 1:
        cut_off |= boxes[:, 2] > 1 - EDGE
    if bottom < 1:
        cut_off |= boxes[:, 3] > 1 - EDGE
    return found.only(~cut_off)


def _placed(found: Detections, tile: Tile) -> Detections:
    left, top, right, bottom = tile
    size = np.array([right - left, bottom - top] * 2, np.float32)
    boxes = found.boxes * size + np.array([left, top] * 2, np.float32)
    areas = None if found.areas is None else (found.areas * size[0] * size[1]).astype(np.float32)
    return Detections(boxes.astype(np.float32), found.certainty, found.classes, found.labels, areas)


def _joined(several: Sequence[Detections]) -> Detections:
    areas = [each.areas for each in several if each.areas is not None]
    return Detections(
        np.concatenate([each.boxes for each in several]),
        np.concatenate([each.certainty for each in several]),
        np.concatenate([each.classes for each in several]),
        several[0].labels,
        np.concatenate(areas) if len(areas) == len(several) else None,
    )


def _rows(found: Detections, rows: NDArray[np.int64]) -> Detections:
    areas = None if found.areas is None else found.areas[rows]
    return Detections(found.boxes[rows], found.certainty[rows], found.classes[rows], found.labels, areas)
