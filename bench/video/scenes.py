"""Scenes: real footage as glances, and what happens to it: light, weather, people, and true faults, drawn in.

Nothing real shows a covered or steamed camera here; these are composed on real footage, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH

Grey = NDArray[np.uint8]
Change = Callable[[Grey, float, np.random.Generator], Grey]
"""A picture, the seconds since the hour began, and chance: the picture as it is then."""


def pictures(clip: Path) -> tuple[NDArray[np.uint8], float]:
    """Every picture of a clip, small and grey: uint8 (n, 90, 160); and how many a second."""
    found = []
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        for frame in container.decode(stream):
            small = frame.reformat(WIDTH, HEIGHT, "gray", interpolation="AREA")
            found.append(small.to_ndarray())
    return np.array(found, np.uint8), rate


def _grey(picture: NDArray[np.floating]) -> Grey:
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)


def _noise(chance: np.random.Generator, sigma: float) -> NDArray[np.float64]:
    return chance.normal(0.0, sigma, (HEIGHT, WIDTH))


def plain(picture: Grey, _at: float, _chance: np.random.Generator) -> Grey:
    """As it was filmed."""
    return picture


def noisy(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """With what is left of a sensor's noise after the picture was made small."""
    return _grey(picture + _noise(chance, 0.3))


def _lamp() -> NDArray[np.float64]:
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.asarray(
        np.exp(-(((across - WIDTH / 2) / 70) ** 2) - ((down - HEIGHT / 2) / 40) ** 2), np.float64
    )


LAMP = _lamp()


def dusk_and_dawn(picture: Grey, at: float, chance: np.random.Generator) -> Grey:
    """Light fades to a third within 20 minutes, the camera's own lamp comes on, and 20 minutes later it is day."""
    dark = 0.5 - 0.5 * np.cos(2 * np.pi * at / 3600)
    if dark > 0.8:  # the lamp: bright in the middle, nothing at the edges, more noise
        return _grey((picture * 0.85 + 12) * (0.25 + LAMP) + _noise(chance, 2.5))
    return _grey(picture * (1 - 0.7 * dark) + _noise(chance, 0.3 + 2 * dark))


def night(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """A third of the light, and noise."""
    return _grey(picture * 0.33 + _noise(chance, 2.0))


def lights_off(picture: Grey, at: float, chance: np.random.Generator) -> Grey:
    """The lights are switched off for 20 minutes: an eighth of the light comes in from outside."""
    if 1200 <= at < 2400:
        return _grey(picture * 0.12 + 8 + _noise(chance, 0.6))
    return noisy(picture, at, chance)


def somebody_close(picture: Grey, at: float, chance: np.random.Generator) -> Grey:
    """Every 3 minutes somebody stands before the lens for 25 s and fills most of the picture."""
    made = noisy(picture, at, chance)
    if at % 180 < 25:
        sway = int(4 * np.sin(at))
        cv2.ellipse(made, (80 + sway, 70), (62, 75), 0, 0, 360, 55, -1)
        made = cast("Grey", cv2.GaussianBlur(made, (0, 0), 1.2))
    return made


def wind(picture: Grey, at: float, chance: np.random.Generator) -> Grey:
    """The mast sways by a pixel of a glance (8 of 1280), and exposure hunts."""
    right, down = (int(each) for each in chance.integers(-1, 2, 2))
    return _grey(np.roll(picture, (down, right), (0, 1)) * (1 + 0.12 * np.sin(at / 7)) + _noise(chance, 0.3))


NORMAL: Mapping[str, Change] = {
    "as filmed": plain,
    "sensor noise": noisy,
    "dusk, lamp, dawn": dusk_and_dawn,
    "night": night,
    "lights off for 20 min": lights_off,
    "somebody close": somebody_close,
    "wind and exposure": wind,
}
"""What is no fault."""


def black(_picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """No picture: black of video, hardly any noise."""
    return _grey(16 + _noise(chance, 0.4))


def covered_dark(_picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """A dark cloth: its folds are soft."""
    across = np.linspace(0, 3, WIDTH)
    return _grey(52 + 6 * np.sin(across)[None, :] + _noise(chance, 0.6))


def covered_bright(_picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """A plastic bag: bright, a gradient, faint creases."""
    down = np.linspace(-12, 12, HEIGHT)
    creases = cv2.GaussianBlur(np.random.default_rng(7).normal(0, 8, (HEIGHT, WIDTH)), (0, 0), 5)
    return _grey(195 + down[:, None] + creases + _noise(chance, 0.5))


def blurred(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """Out of focus or greasy: 13 pixels of 1280."""
    return _grey(cv2.GaussianBlur(picture, (0, 0), 1.6).astype(np.float64) + _noise(chance, 0.3))


def steamed(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """A veil of steam takes two thirds of the contrast and brightens the dark."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.7)
    return _grey(0.3 * soft + 0.7 * 165 + _noise(chance, 0.3))


def _shifted(right: int, down: int) -> Change:
    def change(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
        # What comes in at the side was not filmed: the picture's own mirror image stands for it.
        wide = cv2.copyMakeBorder(picture, abs(down), abs(down), abs(right), abs(right), cv2.BORDER_REFLECT)
        top, left = abs(down) - down, abs(right) - right
        return _grey(wide[top : top + HEIGHT, left : left + WIDTH] + _noise(chance, 0.3))

    return change


def turned(picture: Grey, _at: float, chance: np.random.Generator) -> Grey:
    """It looks at another place of the same light: the picture, upside down and mirrored."""
    return _grey(picture[::-1, ::-1] + _noise(chance, 0.3))


def frozen(_still: Grey) -> Change:
    """One and the same picture for ever."""

    def change(_picture: Grey, _at: float, _chance: np.random.Generator) -> Grey:
        return _still

    return change


FAULTS: Mapping[str, tuple[str, Change]] = {
    "black": ("black", black),
    "dark cloth": ("covered", covered_dark),
    "plastic bag": ("covered", covered_bright),
    "out of focus": ("blurred", blurred),
    "steam": ("blurred", steamed),
    "shifted by 8 %": ("moved", _shifted(13, 0)),
    "shifted by 20 %, 10 % down": ("moved", _shifted(-32, 9)),
    "turned away": ("moved", turned),
}
"""What is: the word of the fault that must be found, and the picture then."""
