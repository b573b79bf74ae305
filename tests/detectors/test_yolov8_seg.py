"""Head `yolov8-seg`: the boxes of YOLOv8, how much of the picture each thing covers, and a real network."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.detector import Detector
from detectors.heads import yolov8, yolov8_seg
from detectors.letterbox import Fit
from ingest.errors import InvalidModel
from tests.detectors.decoding import Outputs, empty, folder, found, manifest


def drawings() -> NDArray[np.float32]:
    """Two of 16 × 16 points: above 0 in the left half and below in the right; above 0 everywhere."""
    made = np.ones((1, 2, 16, 16), np.float32)
    made[0, 0, :, 8:] = -1
    return made


def output(*rows: list[float]) -> Outputs:
    """Rows of middle x, middle y, width, height, three scores and two weights."""
    return [np.ascontiguousarray(np.array([rows], np.float32).transpose(0, 2, 1)), drawings()]


BOX = [32, 32, 32, 32, 0.75, 0, 0]
"""16..48 pixels: points 4..12 of 16, a quarter of the picture."""

AREAS: list[tuple[str, list[float], float]] = [
    ("the left half of the box", [*BOX, 1, 0], 4 * 8 / 256),
    ("the right half of the box", [*BOX, -1, 0], 4 * 8 / 256),
    ("all of the box", [*BOX, 0, 1], 8 * 8 / 256),
    ("nothing of the box: it stays", [*BOX, 0, -1], 0.0),
    ("both added: 1 and -1 + 0.5", [*BOX, 1, 0.5], 4 * 8 / 256),
    ("exactly 0 covers nothing", [*BOX, 0, 0], 0.0),
    ("points at 4.5..11.5: the seven that lie inside", [32, 32, 28, 32, 0.75, 0, 0, 0, 1], 7 * 8 / 256),
    ("a box thinner than a point", [33, 32, 1, 32, 0.75, 0, 0, 0, 1], 0.0),
    ("cut at the border", [64, 64, 32, 32, 0.75, 0, 0, 0, 1], 4 * 4 / 256),
    ("a weight that is no number", [*BOX, math.nan, 1], 0.0),
    ("a weight beyond every number", [*BOX, math.inf, -math.inf], 0.0),
]


@pytest.mark.parametrize(("reason", "row", "expected"), AREAS, ids=[row[0] for row in AREAS])
def test_area(reason: str, row: list[float], expected: float) -> None:
    """Points of the drawing above 0, inside the box only."""
    said = yolov8_seg.decode(output(row), manifest())
    assert said.areas is not None
    assert said.areas.tolist() == pytest.approx([expected]), reason


def test_boxes_are_those_of_yolov8() -> None:
    """One of two on one thing, one elsewhere, one that is not sure: boxes and areas belong together."""
    rows = [
        [*BOX[:4], 0.5, 0, 0, 1, 0],
        [*BOX[:4], 0, 0, 0.75, 0, 1],
        [8, 8, 8, 8, 0.25, 0, 0, 0, 1],
        [48, 8, 8, 8, 0.2, 0, 0, 0, 1],
    ]
    both = output(*rows)
    expected = [("car", 0.75, [16.0, 16.0, 48.0, 48.0]), ("person", 0.25, [4.0, 4.0, 12.0, 12.0])]
    assert found(yolov8_seg, both, manifest()) == expected
    assert found(yolov8, [both[0][:, :7]], manifest()) == expected
    for outputs in (both, both[::-1]):
        said = yolov8_seg.decode(outputs, manifest())
        assert said.areas is not None
        assert said.areas.tolist() == pytest.approx([64 / 256, 4 / 256])
        person = said.only(said.classes == 0)
        assert person.areas is not None
        assert person.areas.tolist() == pytest.approx([4 / 256])


def test_nothing_is_found() -> None:
    """No boxes, no areas."""
    said = yolov8_seg.decode(output([*BOX[:4], 0, 0, 0, 1, 1]), manifest())
    assert len(said) == 0
    assert said.areas is not None
    assert said.areas.shape == (0,)


def test_areas_find_their_way_back() -> None:
    """A quarter of the input is a picture's whole, where bars fill the rest; no more than that."""
    shares = Fit(0.0, 0.375, 1.0, 0.25).share(np.array([0.0, 0.125, 0.25, 0.5], np.float32))
    assert shares.tolist() == [0.0, 0.5, 1.0, 1.0]


SHAPES: list[tuple[Outputs, str, str]] = [
    (
        [empty(1, 7, 84)],
        "(1, 7, 84), expected (1, 7 + M, N) and (1, M, H, W) for 3 labels",
        "without drawings",
    ),
    (
        [empty(1, 116, 84), empty(1, 32, 16, 16)],
        "(1, 116, 84), (1, 32, 16, 16), expected",
        "labels of another model",
    ),
    ([empty(1, 39, 84), empty(1, 16, 16, 16)], "(1, 39, 84), (1, 16, 16, 16), expected", "fewer drawings"),
    ([empty(1, 84, 39), empty(1, 32, 16, 16)], "(1, 84, 39), (1, 32, 16, 16), expected", "transposed"),
    (
        [empty(1, 39, 84), empty(1, 32, 0, 16)],
        "(1, 39, 84), (1, 32, 0, 16), expected",
        "drawings without points",
    ),
    ([empty(2, 39, 84), empty(2, 32, 16, 16)], "(2, 39, 84), (2, 32, 16, 16), expected", "two pictures"),
    ([empty(1, 100, 38), empty(1, 100, 4)], "(1, 100, 38), (1, 100, 4), expected", "a transformer's"),
    ([], "outputs none, expected", "no output"),
]


@pytest.mark.parametrize(("outputs", "said", "reason"), SHAPES, ids=[row[2] for row in SHAPES])
def test_shapes_that_do_not_fit(outputs: Outputs, said: str, reason: str) -> None:
    """The message says what came, what was expected, for how many labels and which input, and the mend."""
    with pytest.raises(InvalidModel) as caught:
        yolov8_seg.decode(outputs, manifest())
    assert said in str(caught.value), reason
    assert "an input of 64 × 64" in str(caught.value)
    assert "labels.txt" in (caught.value.mend or "")


def test_a_real_network(tmp_path: Path) -> None:
    """Loaded, tried and asked as a camera does: box and area are those of the picture, not of the input with bars."""
    table = np.zeros((1, 4 + 2 + 2, 84), np.float32)
    table[0, :, 9] = [32, 32, 32, 16, 0, 0.75, 1, 0]  # 16..48 across, 24..40 down
    model = Detector.load(folder(tmp_path, "yolov8-seg", [table, drawings()]))
    said = model.detect(np.full((64, 128, 3), 90, np.uint8))  # lies in rows 16..48 of the input
    assert said.boxes.tolist() == [pytest.approx([0.25, 0.25, 0.75, 0.75])]
    assert [said.labels[kind] for kind in said.classes] == ["car"]
    assert said.areas is not None
    assert said.areas.tolist() == pytest.approx([0.125])  # the left half of a quarter
