"""Gate, change and rhythm: what opens a quiet camera, and what must not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH
from ingest.video.change import Ground, difference
from ingest.video.gate import CALM, FIRST_REST, Gate
from ingest.video.rhythm import Rhythm

Grey = NDArray[np.uint8]


def room(seed: int = 1) -> Grey:
    """A picture with soft and hard edges."""
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 200, (9, 16))
    return np.asarray(np.kron(coarse, np.ones((10, 10))), np.uint8)


def noisy(grey: Grey, seed: int, sigma: float = 1.5) -> Grey:
    noise = np.random.default_rng(seed).normal(0, sigma, grey.shape)
    return np.asarray(np.clip(grey + noise, 0, 255), np.uint8)


def person(grey: Grey, *, row: int = 60, column: int = 80, height: float = 4, contrast: int = 40) -> Grey:
    """Somebody `height` pixels high, a third as wide, darker or lighter than what is behind."""
    picture: NDArray[np.int16] = grey.astype(np.int16)
    area = (slice(row, row + round(height)), slice(column, column + max(1, round(height / 3))))
    picture[area] += np.where(picture[area] > 128, -contrast, contrast)
    return np.asarray(picture.clip(0, 255), np.uint8)


def gained(grey: Grey, gain: float, offset: float = 0) -> Grey:
    return np.asarray(np.clip(grey * gain + offset, 0, 255), np.uint8)


def dim(grey: Grey) -> Grey:
    return gained(grey, 0.2, 4)


SAME: list[tuple[str, Callable[[], tuple[Grey, Grey]]]] = [
    ("noise of the sensor and the coder", lambda: (noisy(room(), 1), noisy(room(), 2))),
    ("strong noise in the dark", lambda: (noisy(dim(room()), 1, 3), noisy(dim(room()), 2, 3))),
    ("a cloud", lambda: (noisy(room(), 1), gained(noisy(room(), 2), 0.85))),
    ("the exposure follows", lambda: (noisy(room(), 1), gained(noisy(room(), 2), 1.1, 6))),
]
OTHER: list[tuple[str, Callable[[], tuple[Grey, Grey]]]] = [
    ("a person of 5 % of the height", lambda: (noisy(room(), 1), person(noisy(room(), 2)))),
    ("of 3 %", lambda: (noisy(room(), 1), person(noisy(room(), 2), height=3, contrast=50))),
    (
        "of 5 % in a dim scene",
        lambda: (noisy(dim(room()), 1, 1), person(noisy(dim(room()), 2, 1), contrast=18)),
    ),
    ("while a cloud passes", lambda: (noisy(room(), 1), gained(person(noisy(room(), 2)), 0.9))),
    ("at the very edge", lambda: (room(), person(room(), row=0, column=0))),
    ("the light is switched on", lambda: (dim(room()), room())),
    ("somebody covers half of the picture", lambda: (room(), np.hstack([room()[:, :80], room(5)[:, 80:]]))),
    ("everything is another", lambda: (room(1), room(2))),
]


@pytest.mark.parametrize(("why", "make"), SAME, ids=[row[0] for row in SAME])
def test_the_same_picture(why: str, make: Callable[[], tuple[Grey, Grey]]) -> None:
    """Noise and light are no change."""
    before, after = (each.astype(np.float32) for each in make())
    assert not Ground().changed(difference(before, after)), why


@pytest.mark.parametrize(("why", "make"), OTHER, ids=[row[0] for row in OTHER])
def test_another_picture(why: str, make: Callable[[], tuple[Grey, Grey]]) -> None:
    """Whatever may be somebody is a change."""
    before, after = (each.astype(np.float32) for each in make())
    assert Ground().changed(difference(before, after)), why


def test_a_mask_says_where_changes_count() -> None:
    """Outside it nothing opens, inside it everything does."""
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[50:70] = True
    before = room().astype(np.float32)
    inside = difference(before, person(room(), row=60).astype(np.float32))
    outside = difference(before, person(room(), row=10).astype(np.float32))
    assert Ground(mask).changed(inside)
    assert not Ground(mask).changed(outside)
    assert Ground().changed(outside)


class Camera:
    """A gate that is fed pictures at its own pace: a packet every 0.04 s."""

    def __init__(
        self, gate: Gate, *, gop: float = 2.0, size: Callable[[float], int] = lambda _: 1000
    ) -> None:
        self.gate = gate
        self.gop = gop
        self.size = size
        self.frame = 0
        self.looks: list[float] = []

    def run(self, seconds: float, grey: Grey, *, held: bool = False, clock: bool = False) -> bool:
        """Whether it is open after so many seconds of this picture, noise added."""
        for _ in range(round(seconds * 25)):
            at = self.frame / 25
            self.frame += 1
            key = (self.frame - 1) % round(self.gop * 25) == 0
            was = self.gate.open
            if self.gate.due(at, 20_000 if key else self.size(at), keyframe=key):
                if not was:
                    self.looks.append(at)
                picture = noisy(grey, self.frame)
                if clock:
                    digits = np.random.default_rng(int(at)).integers(0, 255, (2, 6))
                    picture[4:6, 10:16] = digits
                self.gate.look(at, picture, held=held)
        return self.gate.open

    def quiet(self, grey: Grey) -> Camera:
        assert not self.run(CALM + 2 * self.gop, grey)
        self.looks.clear()
        return self


def test_it_begins_open_and_closes_after_calm() -> None:
    """What stands there from the start is seen before the gate closes."""
    camera = Camera(Gate())
    assert camera.run(CALM - 0.5, room())
    assert not camera.run(1.5, room())


def test_a_change_opens_it_and_it_stays_open_while_something_moves() -> None:
    """Open with the first look that shows somebody; closed again when nothing has moved for CALM."""
    camera = Camera(Gate()).quiet(room())
    assert camera.run(2.1, person(room()))
    for column in range(20, 60, 2):
        assert camera.run(0.5, person(room(), column=column))
    assert not camera.run(CALM + 2, room())


def test_slow_changes_add_up() -> None:
    """Somebody who comes up out of the background a little with every look is a change all the same."""
    camera = Camera(Gate()).quiet(room())
    opened = [camera.run(2, person(room(), height=12, contrast=contrast)) for contrast in range(1, 40)]
    assert any(opened)


def test_held_it_stays_open_however_calm() -> None:
    """A person who stands still is followed: the gate does not close; after the hold it does."""
    camera = Camera(Gate())
    assert camera.run(60, person(room()), held=True)
    assert not camera.run(CALM + 3, person(room()))


def test_pinned_it_never_closes() -> None:
    """`gate: open`."""
    assert Camera(Gate(pinned=True)).run(60, room())


def test_wake_opens_it() -> None:
    """A hold, or a picture that cannot be decoded."""
    camera = Camera(Gate()).quiet(room())
    camera.gate.wake()
    assert camera.gate.open


@pytest.mark.parametrize(
    ("gop", "max_blind"), [(0.5, 2.0), (1, 2.0), (2, 2.0), (2.08, 2.0), (10, 2.0), (10, 1.0)]
)
def test_it_is_never_blind_for_longer_than_max_blind(gop: float, max_blind: float) -> None:
    """Between two looks pass max_blind and a fifth at most, however rare the keyframes are."""
    camera = Camera(Gate(max_blind=max_blind), gop=gop).quiet(room())
    camera.run(40, room())
    assert np.diff(camera.looks).max() <= max_blind * 1.2 + 0.05
    assert len(camera.looks) <= 40 / min(gop, max_blind) * 1.3 + 1  # and no more looks than that needs


def test_the_rewind_begins_before_the_last_clear_look() -> None:
    """One look further back than the latest that showed nothing."""
    camera = Camera(Gate()).quiet(room())
    camera.run(6, room())
    last = camera.looks[-1]
    assert camera.run(2.1, person(room()))
    assert camera.gate.clear_at == pytest.approx(last - 2.0)


def test_larger_packets_wake_it_before_the_next_keyframe() -> None:
    """At constant quality movement shows in the sizes: looked at within a fifth of a second."""
    begins = 60.0
    sizes = lambda at: 4000 if at >= begins else 900 + int(at * 25) % 7 * 20  # noqa: E731 - one line
    camera = Camera(Gate(), gop=2.0, size=sizes).quiet(room())
    camera.run(begins + 0.4 - camera.frame / 25, room())
    assert any(begins <= look <= begins + 0.2 for look in camera.looks)


def test_at_constant_bitrate_sizes_do_no_harm() -> None:
    """Sizes that jump about for no reason cost few looks: each that shows nothing makes the next one rarer."""
    random = np.random.default_rng(3)
    sizes = lambda _: int(random.choice([8_000, 9_000, 30_000], p=[0.8, 0.15, 0.05]))  # noqa: E731 - one line
    camera = Camera(Gate(), size=sizes).quiet(room())
    camera.run(600, room())
    keyframes = 300
    assert len(camera.looks) <= keyframes + 15
    assert FIRST_REST < 60


def test_a_gop_as_large_as_ever_counts_as_a_look_where_sizes_tell() -> None:
    """At constant quality without much noise only every second keyframe is decoded; max_blind is kept."""
    camera = Camera(Gate(), size=lambda at: 400 + int(at * 25) % 7 * 10).quiet(room())
    camera.run(60, room())
    assert len(camera.looks) <= 20
    assert np.diff(camera.looks).max() <= 4.05
    assert camera.gate.clear_at >= camera.frame / 25 - 6  # the rewind reaches no further back for it


SIZES: list[tuple[str, Callable[[float], int]]] = [
    ("a constant bitrate fills every packet", lambda at: 8000 + int(at * 25) * 37 % 400),
    ("a noisy sensor makes them large, and never the same", lambda at: 3000 + int(at) * 7919 % 2000),
]


@pytest.mark.parametrize(("why", "size"), SIZES, ids=[row[0] for row in SIZES])
def test_elsewhere_every_keyframe_is_looked_at(why: str, size: Callable[[float], int]) -> None:
    """Where sizes tell nothing, a GOP as large as ever is no look."""
    camera = Camera(Gate(), size=size).quiet(room())
    camera.run(60, room())
    assert np.diff(camera.looks).max() <= 2.05, why


def test_a_little_more_in_a_gop_is_enough_for_a_look_at_its_end() -> None:
    """No packet stands out, but all together do: somebody small or dim. The very next keyframe is looked at."""
    begins = 60.0
    camera = Camera(Gate(), size=lambda at: 460 if begins <= at else 400).quiet(room())
    camera.run(begins + 2.1 - camera.frame / 25, room())
    assert camera.looks[-1] == pytest.approx(begins + 2)
    camera.run(2, room())
    assert camera.looks[-1] == pytest.approx(begins + 4)


def test_the_camera_s_clock_is_passed_over_and_a_person_is_not() -> None:
    """Digits that change every second are learned while nothing is followed; the rest of the picture counts."""
    camera = Camera(Gate())
    assert not camera.run(40, room(), clock=True)
    assert not camera.run(60, room(), clock=True)
    assert camera.run(2.1, person(room()), clock=True)


def test_a_large_restless_part_keeps_it_open() -> None:
    """A tree in the wind is more than a clock: it is never passed over, the gate stays open."""
    camera = Camera(Gate())
    for i in range(80):
        shaken = room()
        shaken[10:50, 10:60] = room(i + 10)[10:50, 10:60]
        camera.run(0.5, shaken)
    assert camera.gate.open


def test_the_rhythm_is_each_place_s_own() -> None:
    """A place that is always large is not odd there, and is odd elsewhere."""
    rhythm = Rhythm()
    for _ in range(10):
        assert not any(rhythm.odd(place, 5000 if place == 1 else 500) for place in range(1, 10))
    assert not rhythm.odd(1, 5200)
    assert rhythm.odd(5, 5200)
    assert not rhythm.odd(6, 600)
