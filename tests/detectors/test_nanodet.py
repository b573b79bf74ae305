"""Head `nanodet`: points and distributions become boxes, reckoned by hand, and a real network of that form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from detectors.detector import Detector
from detectors.heads import nanodet
from ingest.errors import InvalidModel
from tests.detectors.decoding import Found, Outputs, empty, folder, found, manifest

POINTS = 64 + 16 + 4 + 1
"""Of 64 × 64 pixels in cells of 8, 16, 32 and 64."""

SURE = 40.0
"""A logit beside which zeros are nothing."""

Row = tuple[int, list[float], list[list[float]]]
"""Which point, its scores, and the logits of its four sides."""


def at(*cells: float) -> list[list[float]]:
    """Logits of sides that lie so many cells from the point, in halves."""
    sides = []
    for each in cells:
        logits = [0.0] * 8
        logits[math.floor(each)] = logits[math.ceil(each)] = SURE
        sides.append(logits)
    return sides


def output(*rows: Row, many: int = POINTS, nothing: float = 0.0) -> Outputs:
    """All nothing, but for these rows."""
    made = np.zeros((1, many, 3 + 32), np.float32)
    made[0, :, :3] = nothing
    for place, scores, sides in rows:
        made[0, place] = [*scores, *(each for side in sides for each in side)]
    return [made]


QUARTERS = [[0.0, math.log(3), *[-SURE] * 6]] * 4
"""A quarter at 0 cells, three at 1."""

ROWS: list[tuple[str, Outputs, Found]] = [
    ("a point of the grid of 8: column 2 of row 1", output((10, [0.75, 0, 0], at(1, 0, 2, 3))),
     [("person", 0.75, [8.0, 8.0, 32.0, 32.0])]),
    ("a point of the grid of 16: column 1 of row 1", output((64 + 5, [0, 0, 0.5], at(0.5, 0.5, 0.5, 1))),
     [("car", 0.5, [8.0, 8.0, 24.0, 32.0])]),
    ("a point of the grid of 32: the last", output((83, [1, 0, 0], at(1, 0, 0.5, 1))),
     [("person", 1.0, [0.0, 32.0, 48.0, 64.0])]),
    ("the point of the grid of 64", output((84, [1, 0, 0], at(0, 0, 0.5, 1))),
     [("person", 1.0, [0.0, 0.0, 32.0, 64.0])]),
    ("the mean of a distribution", output((10, [1, 0, 0], QUARTERS)), [("person", 1.0, [10.0, 2.0, 22.0, 14.0])]),
    ("all distances alike: 3.5 cells", output((27, [1, 0, 0], [[5.0] * 8] * 4)),
     [("person", 1.0, [0.0, 0.0, 52.0, 52.0])]),
    ("the farthest a side can be: 7 cells", output((0, [1, 0, 0], at(0, 0, 7, 7))),
     [("person", 1.0, [0.0, 0.0, 56.0, 56.0])]),
    ("cut at the picture's border", output((0, [1, 0, 0], at(2, 2, 2, 2))), [("person", 1.0, [0.0, 0.0, 16.0, 16.0])]),
    ("scores that are not made 0..1 yet", output((10, [math.log(4), -9, -9], at(1, 1, 1, 1)), nothing=-9.0),
     [("person", 0.8, [8.0, 0.0, 24.0, 16.0])]),
    ("not sure enough", output((10, [0.24, 0, 0], at(1, 1, 1, 1))), []),
    ("a column that is not used", output((10, [0.1, 0.9, 0], at(1, 1, 1, 1))), []),
    ("the surer of two on one thing",
     output((10, [0.5, 0, 0], at(1, 1, 2, 2)), (11, [0, 0, 0.75], at(2, 1, 1, 2))),
     [("car", 0.75, [8.0, 0.0, 32.0, 24.0])]),
    ("no size", output((10, [1, 0, 0], at(0, 1, 0, 1))), []),
    ("a score that is no number", output((10, [math.nan, 0, 0], at(1, 1, 1, 1))), []),
    ("a side that is no number", output((10, [1, 0, 0], [[math.nan] * 8, *at(1, 1, 1)])), []),
    ("a side beyond every number", output((10, [1, 0, 0], [[math.inf] * 8, *at(1, 1, 1)])), []),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "outputs", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_nanodet(reason: str, outputs: Outputs, expected: Found) -> None:
    """Sides are so many cells from the corner of a cell."""
    assert found(nanodet, outputs, manifest()) == expected, reason


def test_an_input_that_the_grids_do_not_fit() -> None:
    """80 × 48 pixels: 3 × 2 cells of 32 and 2 × 1 of 64, the last of which reach beyond the input."""
    many = 10 * 6 + 5 * 3 + 3 * 2 + 2 * 1
    outputs = output((60 + 15 + 5, [1, 0, 0], at(1, 1, 0.5, 0.5)), many=many)
    assert found(nanodet, outputs, manifest(width=80, height=48)) == [
        ("person", 1.0, [32.0, 0.0, 80.0, 48.0])
    ]


SHAPES: list[tuple[Outputs, str, str]] = [
    ([empty(1, 85, 32 + 80)], "(1, 85, 112), expected (1, 85, 35) for 3 labels", "labels of another model"),
    ([empty(1, 3598, 35)], "(1, 3598, 35), expected (1, 85, 35)", "an input of another size"),
    ([empty(1, 84, 35)], "(1, 84, 35), expected (1, 85, 35)", "three grids: without Plus"),
    ([empty(1, 85, 3 + 4 * 17)], "(1, 85, 71), expected (1, 85, 35)", "another reg_max"),
    ([empty(1, 35, 85)], "(1, 35, 85), expected (1, 85, 35)", "transposed"),
    ([empty(1, 64, 3), empty(1, 64, 32)], "(1, 64, 3), (1, 64, 32), expected", "scores and sides apart"),
    ([], "outputs none, expected", "no output"),
]


@pytest.mark.parametrize(("outputs", "said", "reason"), SHAPES, ids=[row[2] for row in SHAPES])
def test_shapes_that_do_not_fit(outputs: Outputs, said: str, reason: str) -> None:
    """The message says what came, what was expected, for how many labels and which input, and the mend."""
    with pytest.raises(InvalidModel) as caught:
        nanodet.decode(outputs, manifest())
    assert said in str(caught.value), reason
    assert "an input of 64 × 64" in str(caught.value)
    assert "labels.txt" in (caught.value.mend or "")


def test_a_real_network(tmp_path: Path) -> None:
    """Loaded, tried and asked as a camera does; the bars of a wide picture are taken off again."""
    table = np.zeros((1, 256 + 64 + 16 + 4, 2 + 32), np.float32)
    sides = [each for side in at(1, 2, 2, 2) for each in side]
    table[0, 6 * 16 + 2] = [0, 0.75, *sides]  # the point 16, 48: 8..32 across, 32..64 down
    model = Detector.load(folder(tmp_path, "nanodet", [table], width=128, height=128))
    said = model.detect(np.full((128, 256, 3), 90, np.uint8))  # lies in rows 32..96 of the input
    assert said.boxes.tolist() == [pytest.approx([0.0625, 0.0, 0.25, 0.5])]
    assert [said.labels[kind] for kind in said.classes] == ["car"]
    assert said.certainty.tolist() == [0.75]
    assert said.areas is None


def test_a_real_network_under_another_name(tmp_path: Path) -> None:
    """Said when it is loaded, with both shapes."""
    made = folder(tmp_path, "yolov8", [empty(1, 340, 34)], width=128, height=128)
    with pytest.raises(InvalidModel, match=r"outputs \(1, 340, 34\), expected \(1, 6, N\)"):
        Detector.load(made)
