"""Tiling: where tiles lie, what a tile's edge cuts, and each thing once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.tiling import Grid, Tile, look, merged, parse_grid, tiles
from ingest.raster import Pixels, Raster

LABELS = ("person", "car")
LEFT_TOP: Tile = (0.0, 0.0, 0.6, 0.6)
RIGHT_TOP: Tile = (0.4, 0.0, 1.0, 0.6)


def found(*things: tuple[float, float, float, float, float, str]) -> Detections:
    """Boxes with certainty and label."""
    boxes = np.array([each[:4] for each in things], np.float32).reshape(-1, 4)
    certainty = np.array([each[4] for each in things], np.float32)
    return Detections(
        boxes, certainty, np.array([LABELS.index(each[5]) for each in things], np.int64), LABELS
    )


def boxes(seen: Detections) -> list[tuple[float, ...]]:
    """Rounded, from left to right."""
    return sorted(tuple(round(float(side), 3) for side in box) for box in seen.boxes)


@pytest.mark.parametrize(
    ("text", "grid"), [("1x1", (1, 1)), ("2x2", (2, 2)), (" 3X2 ", (3, 2)), ("4x4", (4, 4))]
)
def test_a_grid_is_read(text: str, grid: tuple[int, int]) -> None:
    """Columns x rows, and told the same way."""
    assert parse_grid(text) == grid
    assert str(parse_grid(text)) == text.strip().lower()


@pytest.mark.parametrize(
    "text", ["", "2", "0x2", "2x0", "5x1", "1x5", "2x2x2", "-1x2", "22", "2 x 2", "10x1"]
)
def test_what_is_no_grid(text: str) -> None:
    """It says how one is written."""
    with pytest.raises(ValueError, match="2x2"):
        parse_grid(text)


@pytest.mark.parametrize("grid", [Grid(columns, rows) for columns in (1, 2, 3, 4) for rows in (1, 2, 3, 4)])
def test_tiles_cover_the_picture_and_overlap_by_a_third(grid: Grid) -> None:
    """Every point is in a tile, and what is smaller than a third of one is whole in one of them."""
    found = tiles(grid)
    assert len(found) == grid.columns * grid.rows
    assert found[0][:2] == (0.0, 0.0)
    assert found[-1][2:] == pytest.approx((1.0, 1.0))
    for number, (first, second) in enumerate(pairwise(found)):
        if (number + 1) % grid.columns:
            assert first[2] - second[0] == pytest.approx((first[2] - first[0]) / 3)


def test_two_in_a_row_are_known() -> None:
    """0.6 wide each."""
    assert [tuple(round(side, 3) for side in each) for each in tiles(Grid(2, 1))] == [
        (0.0, 0.0, 0.6, 1.0),
        (0.4, 0.0, 1.0, 1.0),
    ]


SMALL = (0.5, 0.5, 0.6, 0.8)
"""In a tile."""


@pytest.mark.parametrize(
    ("whole", "parts", "left", "why"),
    [
        ([], [((*SMALL, 0.8, "person"), LEFT_TOP)], [(0.3, 0.3, 0.36, 0.48)], "a tile alone sees it"),
        (
            [(0.3, 0.3, 0.36, 0.48, 0.5, "person")],
            [((*SMALL, 0.8, "person"), LEFT_TOP)],
            [(0.3, 0.3, 0.36, 0.48)],
            "both see it: once",
        ),
        (
            [],
            [
                ((0.7, 0.5, 0.8, 0.8, 0.8, "person"), LEFT_TOP),
                ((0.033, 0.5, 0.133, 0.8, 0.6, "person"), RIGHT_TOP),
            ],
            [(0.42, 0.3, 0.48, 0.48)],
            "two tiles see it: once, as the surer",
        ),
        ([], [((0.9, 0.5, 1.0, 0.8, 0.9, "person"), LEFT_TOP)], [], "cut by an edge inside the picture"),
        (
            [],
            [((0.0, 0.5, 0.1, 0.8, 0.9, "person"), LEFT_TOP)],
            [(0.0, 0.3, 0.06, 0.48)],
            "cut by the picture's own edge: as in the whole picture",
        ),
        (
            [(0.2, 0.1, 0.5, 0.9, 0.9, "person")],
            [((0.4, 0.3, 0.7, 0.9, 0.7, "person"), LEFT_TOP)],
            [(0.2, 0.1, 0.5, 0.9)],
            "a tile sees a part of one who is near",
        ),
        (
            [(0.2, 0.1, 0.5, 0.9, 0.9, "car")],
            [((0.4, 0.3, 0.7, 0.9, 0.7, "person"), LEFT_TOP)],
            [(0.2, 0.1, 0.5, 0.9), (0.24, 0.18, 0.42, 0.54)],
            "somebody in front of a car is somebody",
        ),
    ],
)
def test_each_thing_once(
    whole: list[tuple[float, float, float, float, float, str]],
    parts: list[tuple[tuple[float, float, float, float, float, str], Tile]],
    left: list[tuple[float, ...]],
    why: str,
) -> None:
    """What stays of the whole picture's and the tiles' boxes."""
    seen = merged(found(*whole), [(found(each), tile) for each, tile in parts])
    assert boxes(seen) == left, why


def test_areas_shrink_with_the_tile() -> None:
    """Of a model that draws outlines; together with one that has none there is none."""
    one = found((*SMALL, 0.8, "person"))
    drawn = Detections(one.boxes, one.certainty, one.classes, LABELS, np.array([0.03], np.float32))
    none = Detections.none(LABELS)
    empty = Detections(none.boxes, none.certainty, none.classes, LABELS, np.zeros(0, np.float32))
    seen = merged(empty, [(drawn, LEFT_TOP)])
    assert seen.areas is not None
    assert seen.areas.tolist() == pytest.approx([0.03 * 0.36])
    assert merged(none, [(one, LEFT_TOP)]).areas is None


def test_every_tile_is_looked_at_in_its_own_pixels() -> None:
    """A bright spot that is seen only from so many pixels of the look on: found in the tile, at its place."""
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[10:14, 20:24] = 255
    sizes: list[tuple[int, int]] = []

    def detect(raster: Raster) -> Detections:
        sizes.append((raster.width, raster.height))
        small: NDArray[np.uint8] = raster.whole()
        if raster.width == 200:
            return Detections.none(LABELS)
        rows, columns = np.nonzero(small[..., 0])
        if not len(rows):
            return Detections.none(LABELS)
        high, wide = small.shape[:2]
        spot = columns.min() / wide, rows.min() / high, (columns.max() + 1) / wide, (rows.max() + 1) / high
        return found((*(float(each) for each in spot), 0.9, "person"))  # type: ignore[arg-type]  # four of them

    assert boxes(look(detect, Pixels(picture), Grid(2, 2))) == [(0.1, 0.1, 0.12, 0.14)]
    assert sizes == [(200, 100), (120, 60), (120, 60), (120, 60), (120, 60)]
    sizes.clear()
    assert len(look(detect, Pixels(picture), Grid())) == 0
    assert sizes == [(200, 100)]
