"""Head `detr`: scores in each of their forms, boxes in shares of the input, and a real network of that form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from detectors.detector import Detector
from detectors.heads import detr
from ingest.errors import InvalidModel
from tests.detectors.decoding import Found, Outputs, empty, folder, found, manifest

Row = tuple[list[float], list[float]]
"""Scores; middle x, middle y, width, height."""

MIDDLE = [0.5, 0.25, 0.125, 0.1875]
PIXELS = [28.0, 10.0, 36.0, 22.0]


def output(*rows: Row) -> Outputs:
    """Scores, then boxes."""
    return [np.array([[row[part] for row in rows]], np.float32) for part in (0, 1)]


LOG2, LOG3, LOG6 = math.log(2), math.log(3), math.log(6)
ROWS: list[tuple[str, list[Row], Found]] = [
    ("scores of 0..1 are taken as they are", [([0.75, 0, 0], MIDDLE)], [("person", 0.75, PIXELS)]),
    ("others are made logistic", [([LOG3, -9, -9], MIDDLE)], [("person", 0.75, PIXELS)]),
    ("others, of another row", [([0.5, -9, 0.25], [0.5, 0.5, 0.5, 0.5]), ([-9, -9, LOG3], MIDDLE)],
     [("car", 0.75, PIXELS), ("person", 0.6225, [16.0, 16.0, 48.0, 48.0])]),
    ("great numbers", [([500, -500, -500], MIDDLE)], [("person", 1.0, PIXELS)]),
    ("not sure enough", [([0.24, 0, 0], MIDDLE)], []),
    ("a column that is not used", [([0.2, 0.9, 0], MIDDLE)], []),
    ("two on one thing: both, the surer first", [([0.5, 0, 0], MIDDLE), ([0, 0, 0.75], MIDDLE)],
     [("car", 0.75, PIXELS), ("person", 0.5, PIXELS)]),
    ("cut at the border", [([0.5, 0, 0], [0.0, 1.0, 0.25, 0.25])], [("person", 0.5, [0.0, 56.0, 8.0, 64.0])]),
    ("outside of the picture", [([0.5, 0, 0], [-0.5, 0.5, 0.25, 0.25])], []),
    ("no size", [([0.5, 0, 0], [0.5, 0.5, 0.0, 0.25])], []),
    ("what is no number", [([0.5, 0, 0], [math.nan, 0.5, 0.5, 0.5]), ([math.nan, 0, 0], MIDDLE)], []),
    ("with `no object`: a distribution is taken as it is", [([0.5, 0, 0.25, 0.25], MIDDLE)],
     [("person", 0.5, PIXELS)]),
    ("with `no object`: anything else becomes one", [([LOG6, 0, 0, LOG2], MIDDLE)], [("person", 0.6, PIXELS)]),
    ("with `no object`: it is one", [([0, 0, 0, 5], MIDDLE)], []),
    ("with `no object`: surer than a class that is sure enough", [([0.3, 0, 0.1, 0.6], MIDDLE)],
     [("person", 0.3, PIXELS)]),
    ("with `no object`: a row that is no number makes no other uncertain",
     [([math.nan, 9, 9, 9], MIDDLE), ([0.5, 0, 0.25, 0.25], MIDDLE)], [("person", 0.5, PIXELS)]),
    ("with `no object`: no row is a number", [([math.inf, 9, 9, 9], MIDDLE)], []),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "rows", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_detr(reason: str, rows: list[Row], expected: Found) -> None:
    """Three labels: three columns of scores, or four with that of `no object`."""
    assert found(detr, output(*rows), manifest()) == expected, reason


@pytest.mark.parametrize(
    "scores", [[0.0, 0.75], [0.0, 0.75, 0.25]], ids=["each of its own", "with no object"]
)
def test_boxes_may_come_first(scores: list[float]) -> None:
    """Four columns are told apart from two or three."""
    outputs = output((scores, MIDDLE))
    expected = [("car", 0.75, PIXELS)]
    assert found(detr, outputs, manifest("person", "car")) == expected
    assert found(detr, outputs[::-1], manifest("person", "car")) == expected


def test_all_in_one_output() -> None:
    """Boxes, then scores."""
    rows = np.array([[[*MIDDLE, 0, 0, 0.75], [*MIDDLE, 0.5, 0, 0]]], np.float32)
    assert found(detr, [rows], manifest()) == [("car", 0.75, PIXELS), ("person", 0.5, PIXELS)]


def test_an_input_that_is_no_square() -> None:
    """Shares of its width and of its height."""
    outputs = output(([0.75, 0, 0], MIDDLE))
    assert found(detr, outputs, manifest(width=128, height=32)) == [("person", 0.75, [56.0, 5.0, 72.0, 11.0])]


def test_the_surest_are_kept() -> None:
    """No more than `max_boxes`."""
    said = detr.decode(output(*(([n / 10, 0, 0], MIDDLE) for n in range(4, 10))), manifest(max_boxes=2))
    assert said.certainty.tolist() == pytest.approx([0.9, 0.8])


SHAPES: list[tuple[Outputs, str, str]] = [
    ([empty(1, 100, 92), empty(1, 100, 4)],
     "(1, 100, 92), (1, 100, 4), expected (1, N, 3) or (1, N, 4) with (1, N, 4), or (1, N, 7) alone, for 3 labels",
     "labels of another model"),
    ([empty(1, 100, 3), empty(1, 300, 4)], "(1, 100, 3), (1, 300, 4), expected", "more boxes than scores"),
    ([empty(1, 100, 3), empty(1, 100, 5)], "(1, 100, 3), (1, 100, 5), expected", "boxes of five columns"),
    ([empty(1, 7, 8400)], "(1, 7, 8400), expected", "the output of yolov8"),
    ([empty(1, 300), empty(1, 300, 4), empty(1, 300)], "(1, 300), (1, 300, 4), (1, 300), expected", "sorted out"),
    ([empty(2, 100, 3), empty(2, 100, 4)], "(2, 100, 3), (2, 100, 4), expected", "two pictures"),
    ([empty(100, 3), empty(100, 4)], "(100, 3), (100, 4), expected", "no batch"),
    ([], "outputs none, expected", "no output"),
]  # fmt: skip


@pytest.mark.parametrize(("outputs", "said", "reason"), SHAPES, ids=[row[2] for row in SHAPES])
def test_shapes_that_do_not_fit(outputs: Outputs, said: str, reason: str) -> None:
    """The message says what came, what was expected, for how many labels and which input, and the mend."""
    with pytest.raises(InvalidModel) as caught:
        detr.decode(outputs, manifest())
    assert said in str(caught.value), reason
    assert "an input of 64 × 64" in str(caught.value)
    assert "labels.txt" in (caught.value.mend or "")


def test_a_real_network(tmp_path: Path) -> None:
    """Loaded, tried and asked as a camera does; the bars of a wide picture are taken off again."""
    scores = np.full((1, 100, 3), -6, np.float32)
    scores[0, :, 2] = 6  # no object
    scores[0, 41] = [0, math.log(8), 0]  # 1, 8 and 1 of 10
    boxes = np.full((1, 100, 4), 0.5, np.float32)
    boxes[0, 41] = [0.25, 0.5, 0.25, 0.25]  # 8..24 across, 24..40 down
    model = Detector.load(folder(tmp_path, "detr", [scores, boxes]))
    said = model.detect(np.full((64, 128, 3), 90, np.uint8))  # lies in rows 16..48 of the input
    assert said.boxes.tolist() == [pytest.approx([0.125, 0.25, 0.375, 0.75])]
    assert [said.labels[kind] for kind in said.classes] == ["car"]
    assert said.certainty.tolist() == pytest.approx([0.8])
