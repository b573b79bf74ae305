"""From the decoder's planes to pixels: small as if all had been made first, and grey as it is seen."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from ingest.video.planes import Planes

HEIGHT, WIDTH = 180, 336
"""Rows that are padded in memory; 16 divides the width, as swscale needs to write 10 bits without a slip."""


def scene() -> NDArray[np.uint8]:
    """Soft patches in strong colours: what scaling before or after colouring may differ in is sharp edges only."""
    coarse = np.random.default_rng(7).integers(0, 255, (6, 10, 3), np.uint8)
    return cast("NDArray[np.uint8]", cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))


def coded(image: NDArray[np.uint8], form: str, colorspace: Colorspace, colours: ColorRange) -> VideoFrame:
    """As a decoder would give it."""
    frame = VideoReformatter().reformat(
        VideoFrame.from_ndarray(image, "bgr24"),
        format=form,
        dst_colorspace=colorspace,
        dst_color_range=colours,
    )
    frame.colorspace, frame.color_range = colorspace, colours
    return frame


FORMS = [
    ("yuv420p", Colorspace.ITU601, ColorRange.MPEG, "most cameras"),
    ("yuv420p", Colorspace.ITU709, ColorRange.MPEG, "most cameras in high definition"),
    ("yuv420p", Colorspace.ITU709, ColorRange.JPEG, "cameras that use all values"),
    ("yuvj420p", Colorspace.ITU601, ColorRange.JPEG, "MJPEG cameras, and H.264 ones that use all values"),
    ("yuvj422p", Colorspace.ITU601, ColorRange.JPEG, "MJPEG cameras with more colour"),
    ("yuv444p", Colorspace.ITU601, ColorRange.MPEG, "screens"),
    ("yuv420p10le", Colorspace.ITU601, ColorRange.MPEG, "H.265 of 10 bits: the long way"),
    ("gray", Colorspace.ITU601, ColorRange.JPEG, "thermal cameras"),
]


@pytest.mark.parametrize(
    ("form", "colorspace", "colours", "reason"), FORMS, ids=[f"{row[0]}-{row[3]}" for row in FORMS]
)
@pytest.mark.parametrize(
    "size", [(75, 42), (WIDTH, HEIGHT), (33, 61)], ids=["smaller", "same", "another shape"]
)
def test_scaled_is_what_the_whole_picture_scaled_would_be(
    form: str, colorspace: Colorspace, colours: ColorRange, reason: str, size: tuple[int, int]
) -> None:
    """Whoever looks at few pixels sees the colours that all pixels would have shown."""
    shown = scene()
    if form == "gray":
        shown = cast(
            "NDArray[np.uint8]", np.repeat(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
        )
    planes = Planes(coded(shown, form, colorspace, colours))
    wanted = cv2.resize(shown, size, interpolation=cv2.INTER_LINEAR).astype(int)
    found = planes.scaled(*size)
    assert found.dtype == np.uint8
    assert found.shape == (size[1], size[0], 3)
    assert np.abs(found - wanted).mean() < 3, reason


@pytest.mark.parametrize(
    ("form", "colorspace", "colours", "reason"), FORMS, ids=[f"{row[0]}-{row[3]}" for row in FORMS]
)
def test_whole(form: str, colorspace: Colorspace, colours: ColorRange, reason: str) -> None:
    """All pixels, in the picture's own size."""
    frame = coded(scene(), form, colorspace, colours)
    planes = Planes(frame)
    assert (planes.width, planes.height) == (WIDTH, HEIGHT)
    whole = planes.whole()
    assert whole.shape == (HEIGHT, WIDTH, 3)
    if form != "gray":
        assert np.abs(whole - scene().astype(int)).mean() < 8, reason


@pytest.mark.parametrize(
    ("form", "colorspace", "colours", "reason"), FORMS, ids=[f"{row[0]}-{row[3]}" for row in FORMS]
)
@pytest.mark.parametrize(("shade", "grey"), [(0, 0), (128, 128), (255, 255)])
def test_grey_is_stretched(
    form: str, colorspace: Colorspace, colours: ColorRange, reason: str, shade: int, grey: int
) -> None:
    """Black is 0 and white is 255, whatever range the camera codes them in."""
    plain = np.full((HEIGHT, WIDTH, 3), shade, np.uint8)
    found = Planes(coded(plain, form, colorspace, colours)).grey(160, 90)
    assert found.shape == (90, 160)
    assert np.abs(found.astype(int) - grey).max() <= 2, reason


def test_grey_is_the_mean() -> None:
    """A pixel of the small picture stands for all of those it covers, so that noise goes and small things stay."""
    fine = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    fine[:, ::2] = 200
    found = Planes(coded(fine, "yuv444p", Colorspace.ITU601, ColorRange.MPEG)).grey(168, 90)
    assert np.abs(found.astype(int) - 100).max() <= 2
