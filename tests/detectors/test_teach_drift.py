"""Whether a taught region still looks as it did: moved, gone, another light; and what must not warn."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.teach.drift import LOOKS, SIZE, judge, usual
from detectors.teach.region import Picture, parse_region
from tests.detectors.taught import scene

REGION = parse_region("0.3,0.3,0.4,0.4")


def seen(picture: Picture, number: int, *, light: float = 1.0, right: int = 0, down: int = 0) -> Picture:
    """The region as the camera would show it: noise, another light, the camera turned by so many pixels."""
    chance = np.random.default_rng(number)
    moved = np.roll(picture, (down, right), (0, 1))
    noisy = moved * (light * np.exp(chance.normal(0, 0.05))) + chance.normal(0, 3, picture.shape)
    return REGION.cut(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))


EXAMPLES = [seen(scene(), number, light=light) for number, light in enumerate([0.8, 0.9, 1.0, 1.1, 1.2] * 4)]
USUAL = usual(EXAMPLES)


@pytest.mark.parametrize(
    ("right", "down", "shift", "why"),
    [
        (26, 0, 0.1, "a tenth of the region to the right"),
        (0, -15, 0.1, "a tenth of the region up"),
        (64, 0, 0.0, "a tenth of the camera's picture is a quarter of the region: not found any more"),
        (300, 150, 0.0, "the camera looks elsewhere"),
    ],
)
def test_a_moved_camera_warns(right: int, down: int, shift: float, why: str) -> None:
    """Five pictures after somebody turned the camera."""
    change = judge(USUAL, [seen(scene(), 100 + n, right=right, down=down) for n in range(5)])
    assert change.moved is True, why
    assert change.warns
    assert max(abs(each) for each in change.shift) == pytest.approx(shift, abs=0.03), why
    assert change.what is not None
    assert change.what.zh
    assert change.what.en


@pytest.mark.parametrize(
    ("light", "right", "why"),
    [
        (1.0, 0, "as it was"),
        (0.8, 0, "as dark as the darkest examples"),
        (1.2, 0, "as bright as the brightest"),
        (1.0, 6, "a camera that gave way by a hundredth of its picture"),
    ],
)
def test_what_does_not_warn(light: float, right: int, why: str) -> None:
    """Light as in the examples, and a little wind."""
    change = judge(USUAL, [seen(scene(), 200 + n, light=light, right=right) for n in range(5)])
    assert not change.warns, (why, change)
    assert change.what is None


def test_who_passes_by_does_not_warn() -> None:
    """In two pictures of five somebody stands in the region."""
    recent = [seen(scene(), 300 + n) for n in range(5)]
    for each in recent[:2]:
        each[20:, 60:160] = 30
    assert not judge(USUAL, recent).warns


def test_night_is_told() -> None:
    """A tenth of the light: darker than any example was."""
    change = judge(USUAL, [seen(scene(), 400 + n, light=0.1) for n in range(5)])
    assert "brightness" in change.drifted
    assert change.what is not None
    assert "darker" in change.what.en
    assert "变暗" in change.what.zh


def test_a_bare_wall_tells_nothing_of_a_move() -> None:
    """Noise has no edges that stay."""
    chance = np.random.default_rng(1)
    walls = [np.clip(chance.normal(150, 4, (100, 100, 3)), 0, 255).astype(np.uint8) for _ in range(10)]
    change = judge(usual(walls), walls[:5])
    assert change.moved is None
    assert not change.warns


def test_what_is_kept_is_small() -> None:
    """A picture of 64 pixels, and five looks with words."""
    assert USUAL.grey.shape == (SIZE, SIZE)
    assert set(USUAL.looks) == set(LOOKS)
    assert USUAL.steady > 0.8
