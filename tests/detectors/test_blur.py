"""Blur: what is left of a person cannot be turned back, and nothing outside is touched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.blur import CELLS, PERSONS, blur_persons, person_boxes
from detectors.detections import Detections


def noise(height: int = 240, width: int = 320, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


BOX = (0.25, 0.25, 0.75, 0.75)


def region(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inside of BOX."""
    height, width = image.shape[:2]
    return image[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4]


def test_the_given_picture_is_not_changed() -> None:
    """A copy comes back: the original goes into the sealed evidence."""
    image = noise()
    before = image.copy()
    blur_persons(image, [BOX])
    assert np.array_equal(image, before)


def test_outside_nothing_changes() -> None:
    """Beyond the box and its margin every pixel is as it was."""
    image = noise()
    shown = blur_persons(image, [BOX])
    assert np.array_equal(shown[:20], image[:20])
    assert np.array_equal(shown[:, :20], image[:, :20])
    assert not np.array_equal(region(shown), region(image))


def test_different_persons_become_the_same_picture() -> None:
    """Irreversible: pixels shuffled within the patches give the same result, so the result cannot tell them.

    Two pictures of random dots with the same averages end within a few grey values of each other, although their
    pixels have nothing in common.
    """
    first, second = (region(blur_persons(noise(seed=seed), [BOX])).astype(int) for seed in (1, 2))
    assert np.abs(first - second).max() < 16
    assert np.abs(region(noise(seed=1)).astype(int) - region(noise(seed=2)).astype(int)).mean() > 60


def test_fine_lines_are_gone() -> None:
    """A chequerboard finer than a patch leaves almost no edge."""
    image = np.zeros((240, 320, 3), np.uint8)
    image[::4] = 255
    image[:, ::4] = 255
    sharpness = float(cv2.Laplacian(region(blur_persons(image, [BOX])), cv2.CV_64F).var())
    assert sharpness < 0.001 * float(cv2.Laplacian(region(image), cv2.CV_64F).var())


def test_a_face_in_a_body_is_two_patches() -> None:
    """Over a whole body there are about six patches across its width, whatever its size in pixels."""
    image = np.zeros((1000, 1000, 3), np.uint8)
    image[:, ::2] = 255
    image[:500] = 255 - image[:500]
    body = (0.3, 0.1, 0.6, 0.9)
    patches = blur_persons(image, [body])
    changes = np.count_nonzero(np.abs(np.diff(patches[250, 320:580, 0].astype(int))) > 30)
    assert changes == 0
    assert CELLS == 6


WEIRD = [
    ("no boxes", []),
    ("outside the picture", [(-0.5, -0.5, 1.5, 1.5), (1.2, 1.2, 1.5, 1.5)]),
    ("turned inside out", [(0.9, 0.9, 0.1, 0.1)]),
    ("smaller than a pixel", [(0.5, 0.5, 0.5001, 0.5001)]),
    ("a single row", [(0.0, 0.5, 1.0, 0.5)]),
]


@pytest.mark.parametrize(("reason", "boxes"), WEIRD, ids=[row[0] for row in WEIRD])
def test_weird_boxes(reason: str, boxes: list[tuple[float, float, float, float]]) -> None:
    """Never an error: a picture must not fail to be blurred."""
    image = noise(20, 30)
    assert blur_persons(image, boxes).shape == image.shape, reason


def test_overlapping_boxes_show_nothing_sharper() -> None:
    """The second box blurs the first one's blur, not the original."""
    image = noise()
    one = blur_persons(image, [BOX])
    both = blur_persons(image, [BOX, (0.3, 0.3, 0.7, 0.7)])
    sharp = [float(cv2.Laplacian(region(each), cv2.CV_64F).var()) for each in (one, both)]
    assert sharp[1] <= sharp[0] * 1.5


def test_which_boxes_are_persons() -> None:
    """All of them, however unsure, unless asked otherwise."""
    found = Detections(
        np.array([[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], np.float32),
        np.array([0.9, 0.3, 0.2], np.float32),
        np.array([1, 0, 0], np.int64),
        ("person", "car"),
    )
    assert len(person_boxes(found)) == 2
    assert len(person_boxes(found, 0.25)) == 1
    assert frozenset({"person"}) == PERSONS
    assert len(person_boxes(Detections.none(("person",)))) == 0
