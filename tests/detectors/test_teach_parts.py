"""What teaching is made of: parts in time, the regression, calibration, figures, names, regions."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.teach.example import Example, doubts, in_numeric_order, named_moment
from detectors.teach.figures import balanced_accuracy, calibration_error, recalls, threshold, worst
from detectors.teach.folds import folds
from detectors.teach.logistic import balanced, calibrate, fit, sigmoid
from detectors.teach.naming import check_condition, model_id
from detectors.teach.region import Region, parse_region, upper_body
from ingest.errors import InvalidInput

PIXEL = np.zeros((8, 8, 3), np.uint8)


def example(number: int, second: float | None, *, holds: bool, clip: str = "a", camera: str = "") -> Example:
    return Example(PIXEL, holds, f"{number}.jpg", str(number), camera, clip, second)


def alternating(many: int, every: float | None) -> list[Example]:
    """Every second one holds; so many seconds apart."""
    return [example(n, None if every is None else n * every, holds=n % 2 == 0) for n in range(many)]


@pytest.mark.parametrize(
    ("every", "gap", "why"),
    [
        (60.0, 10.0, "a minute apart: ten seconds are easily kept"),
        (4.0, 10.0, "40 examples over 160 s: the gap costs a few of them"),
        (
            0.2,
            0.5,
            "8 s of film: ten seconds are not there, so the gap is halved until half of each class is left",
        ),
        (None, 0.0, "no times: the order stands for them"),
    ],
)
def test_parts_are_apart_in_time(every: float | None, gap: float, why: str) -> None:
    """Each example is tested once, by none that is nearer than the gap, and both classes are in every part."""
    examples = alternating(40, every)
    parts = folds(examples)
    assert sorted(int(row) for part in parts for row in part.test) == list(range(40)), why
    for part in parts:
        assert {examples[row].holds for row in part.train} == {True, False}, why
        assert {examples[row].holds for row in part.test} == {True, False}, why
        assert not set(part.train) & set(part.test), why
        if every is not None:
            nearest = min(abs(int(one) - int(other)) * every for one in part.train for other in part.test)
            assert nearest >= part.gap, why
    assert min(part.gap for part in parts) >= gap, why


def test_another_clip_is_never_near() -> None:
    """The clocks of two clips say nothing about each other."""
    examples = [example(n, n * 0.1, holds=n % 2 == 0, clip=f"clip-{n // 10}") for n in range(50)]
    assert min(part.gap for part in folds(examples)) > 0


def test_the_regression_is_the_textbooks() -> None:
    """At the least of its objective each example's part is its error over the ridge, and errors add up to nothing."""
    chance = np.random.default_rng(5)
    points = chance.normal(size=(60, 7))
    holds = points[:, 0] + chance.normal(0, 0.5, 60) > 0
    share = balanced(holds)
    found = fit(points @ points.T, holds, share, 0.3)
    error = share * (holds - sigmoid(points @ points.T @ found.alpha + found.offset))
    assert np.allclose(0.3 * found.alpha, error, atol=1e-4)
    assert abs(error.sum()) < 1e-4


def test_the_regression_bears_what_is_separable() -> None:
    """Classes without overlap, or twice the same example, end in finite weights."""
    points = np.concatenate([np.full((10, 2), 5.0), np.full((10, 2), -5.0)])
    holds = np.arange(20) < 10
    found = fit(points @ points.T, holds, np.ones(20), 1e-3)
    scores = points @ points.T @ found.alpha + found.offset
    assert np.isfinite(scores).all()
    assert ((scores > 0) == holds).all()


@pytest.mark.parametrize("size", [0.01, 1.0, 300.0])
def test_scores_of_any_size_become_probabilities(size: float) -> None:
    """Scores that are right in four of five cases are called so, whatever their unit."""
    chance = np.random.default_rng(3)
    holds = chance.random(4000) < 0.5
    scores = np.where(holds == (chance.random(4000) < 0.8), 1.0, -1.0) * size
    p = calibrate(scores, holds, balanced(holds)).probability(scores)
    assert np.allclose(p[scores > 0], 0.8, atol=0.03)
    assert calibration_error(p, holds) < 0.03


def test_scores_that_say_nothing_are_never_turned_round() -> None:
    """A score that goes the wrong way by chance becomes a half, not its opposite."""
    holds = np.arange(20) < 10
    p = calibrate(np.where(holds, -1.0, 1.0), holds, np.ones(20)).probability(np.array([-1.0, 1.0]))
    assert np.allclose(p, 0.5, atol=0.05)
    assert p[1] >= p[0]


def test_figures_by_hand() -> None:
    """Three of four are found, one of two left alone."""
    p = np.array([0.9, 0.8, 0.6, 0.4, 0.7, 0.1])
    holds = np.array([True, True, True, True, False, False])
    assert recalls(p, holds) == (0.75, 0.5)
    assert balanced_accuracy(p, holds) == 0.625
    assert worst(p, holds) == [4, 3], "the surest mistake first"
    chosen = threshold(p, holds, 0.9)
    assert chosen.reached
    assert 0.7 < chosen.value < 0.8
    assert chosen.recall == 0.5
    assert not threshold(1 - p, holds, 0.99).reached, "the best there is, and said to be too little"


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("Bin Open", "letters and spaces"),
        ("", "nothing"),
        ("x" * 57, "longer than an id can be with its version"),
        ("known-face", "a face"),
        ("license-plate-dirty", "a plate"),
        ("gait-of-wang", "a gait"),
        ("../bins", "a path"),
    ],
)
def test_names_that_are_refused(condition: str, why: str) -> None:
    """A condition is a plain word, and never about who somebody is."""
    with pytest.raises(InvalidInput) as wrong:
        check_condition(condition)
    assert wrong.value.mend, why


@pytest.mark.parametrize("condition", ["no-hat", "bin-uncovered", "surface-wet", "x" * 56])
def test_names_that_are_not(condition: str) -> None:
    """Conditions of places and clothing."""
    check_condition(condition)
    assert len(model_id(condition, 99_999)) <= 63


@pytest.mark.parametrize(
    ("stem", "clip", "second"),
    [
        ("kitchen_20261122T080000Z", "kitchen", 1795334400.0),
        ("20261122T080000.500Z", "", 1795334400.5),
        ("walk_12.4s", "walk", 12.4),
        ("front-door-7s", "front-door", 7.0),
        ("IMG_0042", "", None),
        ("20261399T080000Z", "", None),
    ],
)
def test_times_in_names(stem: str, clip: str, second: float | None) -> None:
    """A moment or the second of a clip at the end of a name, else none."""
    assert named_moment(stem) == (clip, second)


def test_numbers_in_names_count() -> None:
    """frame-9 comes before frame-10."""
    names = ["frame-10.jpg", "frame-9.jpg", "Frame-1.jpg", "10.jpg", "9.jpg"]
    assert sorted(names, key=in_numeric_order) == [
        "9.jpg",
        "10.jpg",
        "Frame-1.jpg",
        "frame-9.jpg",
        "frame-10.jpg",
    ]


def test_doubts_are_said() -> None:
    """Times that are missing, cameras or seasons that only one answer has."""
    assert "no camera" in doubts([example(n, n, holds=n < 5, camera=f"c{n // 5}") for n in range(10)])[0]
    assert "older" in doubts([example(n, n, holds=n < 5) for n in range(10)])[0]
    assert "order by name" in doubts(alternating(10, None))[0]
    assert doubts(alternating(10, 1.0)) == ()


@pytest.mark.parametrize(
    "text", ["0.5,0.5,0.6,0.1", "0,0,0,1", "a,b,c,d", "1,2", "nan,0,1,1", "-0.1,0,0.5,0.5"]
)
def test_regions_that_are_none(text: str) -> None:
    """A region lies inside the picture and has an area."""
    with pytest.raises(InvalidInput):
        parse_region(text)


def test_regions_are_cut() -> None:
    """A rectangle in shares of the picture; hardly any pixels are an error, not a guess."""
    picture = np.arange(100 * 200 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 200, 3)
    region = parse_region("0.25,0.5,0.5,0.25")
    assert (region.cut(picture) == picture[50:75, 50:150]).all()
    assert parse_region(str(region)) == region
    assert Region().cut(picture) is picture
    with pytest.raises(InvalidInput, match="pixels"):
        parse_region("0,0,0.01,0.01").cut(picture)


def test_upper_bodies() -> None:
    """Half of a person's box with a little more above and beside, inside the picture; None where nothing is left."""
    found = upper_body((0.4, 0.2, 0.5, 0.6))
    assert found is not None
    assert np.allclose(found, (0.39, 0.168, 0.12, 0.232))
    corner = upper_body((0.0, 0.0, 0.1, 0.4))
    assert corner is not None
    assert np.allclose(corner, (0.0, 0.0, 0.11, 0.2))
    assert upper_body((1.2, 0.0, 1.3, 0.4)) is None
