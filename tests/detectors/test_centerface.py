"""Head `centerface`: cells and logarithms of height and width become boxes; what is no number is none."""

from __future__ import annotations

import math

import pytest

from detectors.heads import centerface
from ingest.errors import InvalidModel
from tests.detectors.decoding import Found, Outputs, empty, found, manifest

GRID = 16
"""Of 64 × 64 pixels in cells of 4."""
LOG4 = math.log(4)


def output(*cells: tuple[int, int, float, float, float, float, float]) -> Outputs:
    """Nothing, but for these cells: row, column, heat, log height, log width, offset down, offset right."""
    heat, size, offset = empty(1, 1, GRID, GRID), empty(1, 2, GRID, GRID), empty(1, 2, GRID, GRID)
    for row, column, sure, *rest in cells:
        heat[0, 0, row, column] = sure
        size[0, :, row, column], offset[0, :, row, column] = rest[:2], rest[2:]
    return [heat, size, offset]


ROWS: list[tuple[str, Outputs, Found]] = [
    ("nothing", output(), []),
    ("a cell's middle, one cell large", output((2, 5, 0.9, 0, 0, 0, 0)), [("face", 0.9, [20.0, 8.0, 24.0, 12.0])]),
    ("four cells high, one wide", output((4, 5, 0.9, LOG4, 0, 0, 0)), [("face", 0.9, [20.0, 10.0, 24.0, 26.0])]),
    ("half a cell further down", output((2, 5, 0.9, 0, 0, 0.5, 0)), [("face", 0.9, [20.0, 10.0, 24.0, 14.0])]),
    ("half a cell further right", output((2, 5, 0.9, 0, 0, 0, 0.5)), [("face", 0.9, [22.0, 8.0, 26.0, 12.0])]),
    ("cut at the picture's border", output((0, 0, 0.9, LOG4, LOG4, 0, 0)), [("face", 0.9, [0.0, 0.0, 10.0, 10.0])]),
    ("not sure enough", output((2, 5, 0.2, 0, 0, 0, 0)), []),
    ("two on one face: the surer", output((4, 4, 0.8, LOG4, LOG4, 0, 0), (4, 5, 0.7, LOG4, LOG4, 0, -0.9)),
     [("face", 0.8, [10.0, 10.0, 26.0, 26.0])]),
    ("a size beyond every number", output((2, 5, 0.9, 1e6, 1e6, 0, 0)), [("face", 0.9, [0.0, 0.0, 64.0, 64.0])]),
    ("heat that is no number", output((2, 5, math.nan, 0, 0, 0, 0)), []),
    ("a place that is no number", output((2, 5, 0.9, 0, 0, math.nan, 0)), []),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "outputs", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_boxes(reason: str, outputs: Outputs, expected: Found) -> None:
    """Each grid says what its row says."""
    assert found(centerface, outputs, manifest("face", use="blur")) == expected, reason


@pytest.mark.parametrize(
    "outputs",
    [output()[:2], [*output(), empty(1, 10, GRID, GRID)], [each[..., :8] for each in output()]],
    ids=["no offsets", "landmarks too", "another size"],
)  # fmt: skip
def test_other_outputs_are_refused(outputs: Outputs) -> None:
    """Both shapes are named."""
    with pytest.raises(InvalidModel, match="expected"):
        centerface.decode(outputs, manifest("face", use="blur"))
