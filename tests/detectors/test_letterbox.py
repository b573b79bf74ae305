"""Pictures become tensors, and boxes find their way back to the picture."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from detectors.letterbox import Fit, prepare
from detectors.model import Input
from ingest.raster import Pixels


def wanted(
    fit: Literal["stretch", "letterbox"] = "letterbox",
    layout: Literal["nchw", "nhwc"] = "nchw",
    colour: Literal["rgb", "bgr"] = "rgb",
) -> Input:
    return Input(
        width=100,
        height=100,
        fit=fit,
        layout=layout,
        colour=colour,
        mean=(127.5,) * 3,
        scale=(1 / 127.5,) * 3,
    )


SHAPES: list[tuple[tuple[int, int], Fit, str]] = [
    ((50, 200), Fit(0.0, 0.38, 1.0, 0.25), "wide: bars above and below (37.5 rows, whole pixels)"),
    ((200, 50), Fit(0.38, 0.0, 0.25, 1.0), "tall: bars left and right"),
    ((300, 300), Fit(0.0, 0.0, 1.0, 1.0), "square: no bars"),
    ((1, 1000), Fit(0.0, 0.49, 1.0, 0.01), "a single row still gets one"),
]


@pytest.mark.parametrize(("shape", "expected", "reason"), SHAPES, ids=[row[2] for row in SHAPES])
def test_where_the_picture_lies(shape: tuple[int, int], expected: Fit, reason: str) -> None:
    """The bars are even on both sides, to the pixel."""
    tensor, fit = prepare(Pixels(np.zeros((*shape, 3), np.uint8)), wanted())
    assert tensor.shape == (1, 3, 100, 100)
    assert np.allclose(
        [fit.left, fit.top, fit.width, fit.height],
        [expected.left, expected.top, expected.width, expected.height],
        atol=0.011,
    ), reason


LOWER: list[tuple[tuple[int, int], int, float, str]] = [
    ((50, 200), 60, 25 / 60, "25 rows of bars less than the lowest: 60 do"),
    ((50, 100), 60, 50 / 60, "50 rows"),
    ((60, 100), 60, 1.0, "just as high as the lowest"),
    ((61, 100), 80, 61 / 80, "a row too high for it"),
    ((300, 300), 100, 1.0, "no bars"),
    ((200, 50), 100, 1.0, "bars at the sides only"),
]


@pytest.mark.parametrize(("shape", "rows", "high", "reason"), LOWER, ids=[row[3] for row in LOWER])
def test_no_higher_than_it_must_be(shape: tuple[int, int], rows: int, high: float, reason: str) -> None:
    """Of a network that takes lower pictures, the lowest into which the picture fits, and it lies in the middle."""
    want = wanted().model_copy(update={"lower": (80, 60)})
    tensor, fit = prepare(Pixels(np.zeros((*shape, 3), np.uint8)), want)
    assert tensor.shape == (1, 3, rows, 100), reason
    assert fit.height == pytest.approx(high, abs=0.011), reason
    assert fit.top == pytest.approx((1 - high) / 2, abs=0.011), reason


def test_boxes_come_back() -> None:
    """A box over the whole inner picture is the whole picture; bars are cut off."""
    _, fit = prepare(Pixels(np.zeros((50, 200, 3), np.uint8)), wanted())
    inner = np.array(
        [[fit.left, fit.top, fit.left + fit.width, fit.top + fit.height], [0, 0, 1, 1]], np.float32
    )
    assert np.allclose(fit.back(inner), [[0, 0, 1, 1], [0, 0, 1, 1]], atol=1e-6)


def test_stretch_fills_everything() -> None:
    """Proportions are lost, nothing is to be mapped back."""
    _, fit = prepare(Pixels(np.zeros((50, 200, 3), np.uint8)), wanted("stretch"))
    assert fit == Fit(0.0, 0.0, 1.0, 1.0)


def test_colour_layout_and_scale() -> None:
    """Pure blue in BGR: the last channel of RGB, the first of BGR; 0 becomes -1 and 255 becomes 1."""
    blue = np.zeros((100, 100, 3), np.uint8)
    blue[..., 0] = 255
    rgb, _ = prepare(Pixels(blue), wanted())
    assert np.allclose(rgb[0, :, 5, 5], [-1, -1, 1])
    bgr, _ = prepare(Pixels(blue), wanted(layout="nhwc", colour="bgr"))
    assert bgr.shape == (1, 100, 100, 3)
    assert np.allclose(bgr[0, 5, 5], [1, -1, -1])
    assert rgb.dtype == np.float32
    assert rgb.flags.c_contiguous


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    """Expected and actual shape are in the message."""
    with pytest.raises(ValueError, match=r"expected shape \(height, width, 3\), got"):
        Pixels(np.zeros(shape, np.uint8))
