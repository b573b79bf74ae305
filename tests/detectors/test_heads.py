"""Heads: synthetic outputs with boxes reckoned by hand, shapes that do not fit, and what is no number."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from detectors.detector import HEADS, Detector
from detectors.heads import classifier, yolov5, yolov8, yolov11, yolox
from ingest.errors import InvalidModel
from tests.detectors.decoding import Outputs, empty, folder, found, manifest

CELLS = 64 + 16 + 4
"""Of 64 × 64 pixels in cells of 8, 16 and 32."""


def yolox_output(*rows: tuple[int, list[float]], many: int = CELLS) -> Outputs:
    """All nothing, but for these rows."""
    output = np.zeros((1, many, 8), np.float32)
    for at, values in rows:
        output[0, at] = values
    return [output]


LOG2, LOG4 = math.log(2), math.log(4)
YOLOX: list[tuple[str, Outputs, list[tuple[str, float, list[float]]]]] = [
    ("a cell of 8: column 2 of row 1, middle half a cell further, 2 cells wide, 4 high",
     yolox_output((8 + 2, [0.5, 0.5, LOG2, LOG4, 0.8, 0.5, 0, 0])), [("person", 0.4, [12.0, 0.0, 28.0, 28.0])]),
    ("a cell of 16: the first after the 64", yolox_output((64 + 5, [0, 0, 0, 0, 1, 0, 0, 0.9])),
     [("car", 0.9, [8.0, 8.0, 24.0, 24.0])]),
    ("a cell of 32: the last", yolox_output((83, [0.25, -0.25, 0, LOG2, 0.5, 0, 0, 1])),
     [("car", 0.5, [24.0, 0.0, 56.0, 56.0])]),
    ("cut at the picture's border", yolox_output((0, [0, 0, LOG2, LOG2, 1, 1, 0, 0])),
     [("person", 1.0, [0.0, 0.0, 8.0, 8.0])]),
    ("not sure enough: both scores count", yolox_output((10, [0.5, 0.5, 0, 0, 0.4, 0.6, 0, 0])), []),
    ("a column that is not used", yolox_output((10, [0.5, 0.5, 0, 0, 1, 0.2, 0.9, 0])), []),
    ("the surer of two on one thing",
     yolox_output((9, [1, 0, LOG2, LOG2, 0.6, 1, 0, 0]), (10, [0, 0, LOG2, LOG2, 0.7, 0, 0, 1])),
     [("car", 0.7, [8.0, 0.0, 24.0, 16.0])]),
    ("a size beyond every number", yolox_output((10, [0, 0, 1e6, 1e6, 1, 1, 0, 0])),
     [("person", 1.0, [0.0, 0.0, 64.0, 64.0])]),
    ("what is no number",
     yolox_output((10, [math.nan, 0, 0, 0, 1, 1, 0, 0]), (20, [0, 0, 0, 0, 1, math.nan, 0, 0])), []),
    ("with a fourth grid", yolox_output((84, [0.5, 0.5, -LOG2, -LOG2, 1, 1, 0, 0]), many=CELLS + 1),
     [("person", 1.0, [16.0, 16.0, 48.0, 48.0])]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "outputs", "expected"), YOLOX, ids=[row[0] for row in YOLOX])
def test_yolox(reason: str, outputs: Outputs, expected: list[tuple[str, float, list[float]]]) -> None:
    """Cells and logarithms become pixels."""
    assert found(yolox, outputs, manifest()) == expected, reason


def test_yolox_of_a_picture_that_is_no_square() -> None:
    """Rows of cells are as long as the input is wide: cell 9 of 16 in a row is at 72 pixels."""
    cells = 16 * 4 + 8 * 2 + 4 * 1
    outputs = yolox_output((16 + 9, [0.5, 0.5, 0, 0, 1, 1, 0, 0]), many=cells)
    assert found(yolox, outputs, manifest(width=128, height=32)) == [("person", 1.0, [72.0, 8.0, 80.0, 16.0])]


def v5(*rows: list[float]) -> Outputs:
    """Rows of YOLOv5."""
    return [np.array([rows], np.float32)]


def v8(*rows: list[float]) -> Outputs:
    """The same boxes as YOLOv8 gives them: one column each, no score for a thing as such."""
    return [
        np.ascontiguousarray(np.array([[row[:4] + row[5:] for row in rows]], np.float32).transpose(0, 2, 1))
    ]


ROWS: list[tuple[str, list[list[float]], list[tuple[str, float, list[float]]]]] = [
    ("middle and size become corners", [[32, 16, 8, 12, 1, 0.75, 0, 0]], [("person", 0.75, [28.0, 10.0, 36.0, 22.0])]),
    ("cut at the border", [[2, 60, 8, 16, 1, 0, 0, 0.5]], [("car", 0.5, [0.0, 52.0, 6.0, 64.0])]),
    ("outside of the picture", [[-20, 32, 8, 8, 1, 1, 0, 0]], []),
    ("not sure enough", [[32, 16, 8, 12, 1, 0.24, 0, 0]], []),
    ("a column that is not used", [[32, 16, 8, 12, 1, 0.1, 0.9, 0]], []),
    ("two things, the surer first", [[16, 16, 8, 8, 1, 0.5, 0, 0], [48, 48, 8, 8, 1, 0, 0, 0.75]],
     [("car", 0.75, [44.0, 44.0, 52.0, 52.0]), ("person", 0.5, [12.0, 12.0, 20.0, 20.0])]),
    ("one thing, seen twice", [[16, 16, 8, 8, 1, 0.5, 0, 0], [17, 16, 8, 8, 1, 0, 0, 0.75]],
     [("car", 0.75, [13.0, 12.0, 21.0, 20.0])]),
    ("no size", [[32, 16, 0, 12, 1, 1, 0, 0]], []),
    ("what is no number", [[math.nan, 16, 8, 12, 1, 1, 0, 0], [math.inf, 16, math.inf, 12, 1, 1, 0, 0]], []),
]  # fmt: skip


@pytest.mark.parametrize("head", ["yolov5", "yolov8", "yolov11"])
@pytest.mark.parametrize(("reason", "rows", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_yolo(
    head: str, reason: str, rows: list[list[float]], expected: list[tuple[str, float, list[float]]]
) -> None:
    """The same boxes as each of them gives them."""
    outputs = v5(*rows) if head == "yolov5" else v8(*rows)
    assert found(HEADS[head], outputs, manifest()) == expected, reason


def test_yolov5_multiplies_its_scores() -> None:
    """That there is a thing, and which."""
    rows = [[32, 16, 8, 12, 0.5, 0.8, 0, 0], [10, 50, 8, 8, 0.5, 0.4, 0, 0]]
    assert found(yolov5, v5(*rows), manifest()) == [("person", 0.4, [28.0, 10.0, 36.0, 22.0])]


def test_the_surest_are_kept() -> None:
    """No more than `max_boxes`, also when a model finds something everywhere."""
    rows = [
        [4.0 + 8 * (n % 8), 4.0 + 8 * (n // 8), 4.0, 4.0, 1.0, 0.3 + n / 100, 0.0, 0.0] for n in range(40)
    ]
    said = yolov8.decode(v8(*rows), manifest(max_boxes=5))
    assert said.certainty.tolist() == pytest.approx([0.69, 0.68, 0.67, 0.66, 0.65])


def scores(*values: float) -> Outputs:
    """The output of a classifier."""
    return [np.array([values], np.float32)]


WHOLE = [0.0, 0.0, 64.0, 64.0]
CLASSES: list[tuple[str, Outputs, list[tuple[str, float, list[float]]]]] = [
    ("a distribution is taken as it is", scores(0.7, 0.1, 0.2), [("person", 0.7, WHOLE)]),
    ("anything else becomes one", scores(0, math.log(2), math.log(5)), [("car", 0.625, WHOLE)]),
    ("great numbers", scores(1000, 0, -1000), [("person", 1.0, WHOLE)]),
    ("nothing is wrong", scores(0.1, 0.8, 0.1), []),
    ("all alike: the first", scores(*[1.0] * 3), [("person", 0.3333, WHOLE)]),
    ("with two more axes", [np.array([0.7, 0.1, 0.2], np.float32).reshape(1, 3, 1, 1)], [("person", 0.7, WHOLE)]),
    ("what is no number", scores(math.nan, 0.5, 0.5), []),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "outputs", "expected"), CLASSES, ids=[row[0] for row in CLASSES])
def test_classifier(reason: str, outputs: Outputs, expected: list[tuple[str, float, list[float]]]) -> None:
    """One box around the picture, of the surest class."""
    assert found(classifier, outputs, manifest()) == expected, reason


def test_a_classifier_of_one_class() -> None:
    """0..1 as it is; anything else is logistic; under the limit nothing is there."""
    made = manifest("open-bin")
    assert found(classifier, scores(0.75), made) == [("open-bin", 0.75, WHOLE)]
    assert found(classifier, scores(math.log(4)), made) == [("open-bin", 0.8, WHOLE)]
    assert found(classifier, scores(-5.0), made) == []


def test_a_classifier_under_its_limit() -> None:
    """Nothing is found, whatever is the surest."""
    assert found(classifier, scores(0.4, 0.3, 0.3), manifest(min_certainty=0.5)) == []


SHAPES: list[tuple[ModuleType, Outputs, str, str]] = [
    (yolox, [empty(1, CELLS, 85)], "(1, 84, 85), expected (1, 84, 8) for 3 labels", "labels of another model"),
    (yolox, [empty(1, 3549, 8)], "(1, 3549, 8), expected (1, 84, 8)", "an input of another size"),
    (yolox, [empty(1, CELLS, 8), empty(1, CELLS, 8)], "(1, 84, 8), (1, 84, 8), expected", "two outputs"),
    (yolox, [], "outputs none, expected", "no output"),
    (yolov5, [empty(1, 8, CELLS)], "(1, 8, 84), expected (1, N, 8)", "the output of yolov8"),
    (yolov5, [empty(1, CELLS, 9)], "(1, 84, 9), expected (1, N, 8)", "labels of another model"),
    (yolov5, [empty(1, 3, 8, 8, 8)], "(1, 3, 8, 8, 8), expected (1, N, 8)", "boxes that are not decoded"),
    (yolov8, [empty(1, CELLS, 7)], "(1, 84, 7), expected (1, 7, N)", "transposed"),
    (yolov8, [empty(1, 39, CELLS), empty(1, 32, 16, 16)], "(1, 39, 84), (1, 32, 16, 16), expected", "segmentation"),
    (yolov11, [empty(1, 8, CELLS)], "(1, 8, 84), expected (1, 7, N)", "the output of yolov5, transposed"),
    (classifier, [empty(1, 4)], "(1, 4), expected (1, 3)", "labels of another model"),
    (classifier, [empty(1, 3, 7, 7)], "(1, 3, 7, 7), expected (1, 3)", "a map, not yet pooled"),
    (classifier, [empty(2, 3)], "(2, 3), expected (1, 3)", "two pictures"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "outputs", "said", "reason"), SHAPES, ids=[row[3] for row in SHAPES])
def test_shapes_that_do_not_fit(head: ModuleType, outputs: Outputs, said: str, reason: str) -> None:
    """The message says what came, what was expected, for how many labels and which input, and the mend."""
    with pytest.raises(InvalidModel) as caught:
        head.decode(outputs, manifest())
    assert said in str(caught.value), reason
    assert "an input of 64 × 64" in str(caught.value)
    assert "labels.txt" in (caught.value.mend or "")


@pytest.mark.parametrize("head", ["yolov5", "yolov8"])
def test_boxes_in_pixels_of_a_lower_picture(head: str, tmp_path: Path) -> None:
    """A network that takes 64 and 32 rows: boxes are read in the height that it was given, from both."""
    rows: list[list[float]] = [[32, 16, 32, 16, 1, 0.75, 0]]
    outputs = v5(*rows) if head == "yolov5" else v8(*rows)
    model = Detector.load(folder(tmp_path, head, outputs, lower=(32,)))
    low = model.lowered(0.1).detect(np.full((64, 128, 3), 90, np.uint8))  # fills 32 rows
    assert low.boxes.tolist() == [pytest.approx([0.25, 0.25, 0.75, 0.75])]
    high = model.detect(np.full((64, 64, 3), 90, np.uint8))
    assert high.boxes.tolist() == [pytest.approx([0.25, 0.125, 0.75, 0.375])]
