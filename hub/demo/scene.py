"""Scene: a composed kitchen. The room is drawn, the person is cut out of real street footage.

Nobody publishes footage of a real school kitchen at night, so the demo composes one and says so in the
picture itself. What moves is a real person, filmed walking: the detector finds a person or does not, as
it would anywhere. Between his visits the kitchen is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 1280, 720, 20
SECONDS = 60.0
"""Length of one round; the person is there from ENTERS to LEAVES."""

ENTERS, ARRIVES, TURNS, LEAVES = 17.0, 22.0, 32.0, 37.0
STORE = ((0.66, 0.18), (0.93, 0.18), (0.93, 0.98), (0.66, 0.98))
"""The drawn storeroom door with the floor before it, as a zone (0..1 of the picture)."""

_WALK = range(389, 399)  # frames of vtest.avi: one whole cycle of two steps of a man walking to the right
_STAND = 397  # the frame in which his feet are together
_WINDOW = (555, 235, 213, 215)  # left, top, width, height in vtest.avi that he crosses in these frames
_PERSON_HEIGHT = 400  # pixels in the scene
_FLOOR = 652  # where his feet are
_GRAINS = 7  # different pictures of camera noise, in turn
_DOOR_X, _STORE_X = -90, 990  # where he comes from (outside the picture) and where he stands


@dataclass(frozen=True, slots=True)
class CutOut:
    """A person without a background.

    Attributes:
        colour: uint8 (height, width, 3), BGR.
        alpha: float32 (height, width, 1), 0..1.
    """

    colour: Picture
    alpha: NDArray[np.float32]


def frames(street: Path) -> Iterator[Picture]:
    """All pictures of one round of the scene; `street` is vtest.avi."""
    walking, standing = _people(street)
    room = _room()
    random = np.random.default_rng(7)
    grains = [random.normal(0, 2.0, room.shape).astype(np.int16) for _ in range(_GRAINS)]
    for number in range(int(SECONDS * FPS)):
        at = number / FPS
        picture = room.copy()
        if ENTERS <= at < ARRIVES:
            share = (at - ENTERS) / (ARRIVES - ENTERS)
            _place(picture, walking[_step(number)], _DOOR_X + share * (_STORE_X - _DOOR_X))
        elif ARRIVES <= at < TURNS:
            sway = 6 * np.sin((at - ARRIVES) * 1.7)
            _place(picture, standing, _STORE_X + sway, mirrored=int(at / 3) % 2 == 1)
        elif TURNS <= at < LEAVES:
            share = (at - TURNS) / (LEAVES - TURNS)
            _place(picture, walking[_step(number)], _STORE_X + share * (_DOOR_X - _STORE_X), mirrored=True)
        yield np.asarray(cv2.add(picture, grains[number % _GRAINS], dtype=cv2.CV_8U), np.uint8)


def _step(number: int) -> int:
    """Which picture of the walk to show: the footage has 10 per second."""
    return number * 10 // FPS % len(_WALK)


def _people(street: Path) -> tuple[list[CutOut], CutOut]:
    """The man's walk, one cut-out per picture, and him standing; ValueError when the file is another."""
    source = cv2.VideoCapture(str(street))
    pictures: dict[int, Picture] = {}
    samples: list[Picture] = []
    number = 0
    while True:
        found, picture = source.read()
        if not found:
            break
        left, top, width, height = _WINDOW
        window = np.asarray(picture[top : top + height, left : left + width], np.uint8)
        if number in _WALK:
            pictures[number] = window.copy()
        if number % 9 == 0:
            samples.append(window.copy())
        number += 1
    source.release()
    if len(pictures) != len(_WALK):
        raise ValueError(f"{street} is not the footage the scene is composed from")
    empty = np.median(np.array(samples), axis=0).astype(np.uint8)
    cut = {number: _cut_out(picture, empty) for number, picture in pictures.items()}
    return [cut[number] for number in _WALK], cut[_STAND]


def _cut_out(picture: Picture, empty: Picture) -> CutOut:
    """The largest thing in `picture` that is not in `empty`, scaled to the scene's size."""
    difference = cv2.GaussianBlur(cv2.absdiff(picture, empty).max(axis=2), (3, 3), 0)
    # His shadow on the road differs a little, he differs much; GrabCut draws the line between the two.
    marks = np.where(difference > 75, cv2.GC_FGD, np.where(difference > 45, cv2.GC_PR_FGD, cv2.GC_PR_BGD))
    marks = np.where(difference < 18, cv2.GC_BGD, marks).astype(np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, marks, (0, 0, 1, 1), *models, 4, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    mask = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    left, top, width, height = (int(value) for value in stats[largest][:4])
    area = (slice(top, top + height), slice(left, left + width))
    scale = _PERSON_HEIGHT / height
    size = (round(width * scale), _PERSON_HEIGHT)
    hard = (labels[area] == largest).astype(np.float32)
    alpha = cv2.GaussianBlur(cv2.resize(hard, size, interpolation=cv2.INTER_CUBIC), (9, 9), 0)
    colour = np.asarray(cv2.resize(picture[area], size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
    soft = np.clip((alpha - 0.45) / 0.35, 0, 1).astype(np.float32)
    return CutOut(colour, soft[..., None])


def _place(picture: Picture, person: CutOut, centre: float, *, mirrored: bool = False) -> None:
    """Draw `person` into `picture` with the feet on the floor at `centre`, and a soft shadow below."""
    colour, alpha = person.colour, person.alpha
    if mirrored:
        colour, alpha = colour[:, ::-1], alpha[:, ::-1]
    height, width = colour.shape[:2]
    left, top = round(centre - width / 2), _FLOOR - height
    begin, end = max(left, 0), min(left + width, WIDTH)
    if begin >= end:
        return
    strip = picture[_FLOOR - 46 : _FLOOR + 34]
    dark = np.zeros((len(strip), WIDTH), np.float32)
    cv2.ellipse(dark, (round(centre), 40), (width // 2, 14), 0, 0, 360, 0.45, -1)
    light = 1 - np.asarray(cv2.GaussianBlur(dark, (41, 15), 0))[..., None]
    strip[:] = (strip * light).astype(np.uint8)
    part = (slice(None), slice(begin - left, end - left))
    below = picture[top : top + height, begin:end]
    mixed = colour[part] * alpha[part] + below * (1 - alpha[part])
    picture[top : top + height, begin:end] = mixed.astype(np.uint8)


def _room() -> Picture:
    """The kitchen without anybody: tiles, counters, hood, refrigerator and the storeroom's open door."""
    room = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    room[:] = (168, 174, 172)
    _tiles(room)
    _floor(room)
    _store(room)
    _fridge(room)
    _stove(room)
    _window(room)
    light = np.ones((HEIGHT, WIDTH), np.float32) * 0.7
    cv2.ellipse(light, (560, 60), (560, 420), 0, 0, 360, 1.05, -1)
    cv2.ellipse(light, (1015, 120), (170, 420), 0, 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(light, (0, 0), 110))[..., None]
    return np.asarray(np.clip(room * soft, 0, 255), np.uint8)


def _tiles(room: Picture) -> None:
    for y in range(0, 470, 47):
        cv2.line(room, (0, y), (WIDTH, y), (150, 156, 154), 1, cv2.LINE_AA)
    for x in range(0, WIDTH, 64):
        cv2.line(room, (x, 0), (x, 470), (150, 156, 154), 1, cv2.LINE_AA)


def _floor(room: Picture) -> None:
    room[470:] = (118, 126, 132)
    for x in range(-1600, 2900, 130):
        cv2.line(
            room, (WIDTH // 2 + (x - WIDTH // 2) // 3, 470), (x, HEIGHT), (102, 109, 115), 2, cv2.LINE_AA
        )
    y, gap = 470.0, 12.0
    while y < HEIGHT:
        cv2.line(room, (0, int(y)), (WIDTH, int(y)), (102, 109, 115), 2, cv2.LINE_AA)
        y, gap = y + gap, gap * 1.5


def _store(room: Picture) -> None:
    """An open doorway on the right: dark inside, shelves with boxes and sacks."""
    cv2.rectangle(room, (860, 130), (1180, 540), (92, 104, 118), -1)
    cv2.rectangle(room, (876, 146), (1164, 540), (66, 74, 80), -1)
    goods = np.random.default_rng(3)
    for shelf in (240, 335, 430):
        cv2.rectangle(room, (880, shelf), (1160, shelf + 9), (116, 128, 138), -1)
        x = 890
        while x < 1120:
            width, height = int(goods.integers(28, 56)), int(goods.integers(30, 66))
            shade = tuple(
                int(value) for value in np.clip(goods.integers(90, 150) + goods.integers(-18, 18, 3), 0, 255)
            )
            cv2.rectangle(room, (x, shelf - height), (x + width, shelf), shade, -1)
            cv2.rectangle(room, (x, shelf - height), (x + width, shelf), (60, 66, 70), 1)
            x += width + int(goods.integers(6, 20))


def _fridge(room: Picture) -> None:
    cv2.rectangle(room, (640, 120), (820, 520), (186, 190, 190), -1)
    for x in (640, 730):
        cv2.rectangle(room, (x + 4, 126), (x + 86, 512), (204, 208, 208), -1)
        cv2.rectangle(room, (x + 4, 126), (x + 86, 512), (150, 154, 154), 2)
    cv2.rectangle(room, (722, 290), (727, 380), (96, 98, 98), -1)
    cv2.rectangle(room, (733, 290), (738, 380), (96, 98, 98), -1)
    cv2.rectangle(room, (655, 140), (705, 162), (60, 40, 20), -1)
    cv2.putText(room, "4.1C", (659, 157), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (220, 200, 60), 1, cv2.LINE_AA)


def _stove(room: Picture) -> None:
    cv2.fillPoly(room, [np.array([[150, 60], [520, 60], [580, 150], [90, 150]])], (196, 200, 200))
    cv2.rectangle(room, (90, 150), (580, 170), (172, 176, 176), -1)
    cv2.rectangle(room, (70, 385), (600, 405), (214, 218, 218), -1)
    cv2.rectangle(room, (76, 405), (594, 530), (160, 165, 166), -1)
    for x in (76, 205, 335, 465):
        cv2.rectangle(room, (x + 6, 412), (x + 122, 524), (176, 181, 182), 2)
    for x in (170, 330, 490):
        cv2.ellipse(room, (x, 384), (58, 12), 0, 0, 360, (52, 54, 56), -1)
        cv2.ellipse(room, (x, 374), (48, 16), 0, 0, 180, (70, 72, 74), -1)
    for x in range(150, 560, 80):
        cv2.circle(room, (x, 430), 7, (60, 62, 64), -1, cv2.LINE_AA)


def _window(room: Picture) -> None:
    """A small window: it is night outside."""
    cv2.rectangle(room, (1205, 110), (1275, 250), (110, 114, 116), -1)
    cv2.rectangle(room, (1212, 118), (1268, 242), (52, 36, 24), -1)
    cv2.line(room, (1240, 118), (1240, 242), (110, 114, 116), 3)
