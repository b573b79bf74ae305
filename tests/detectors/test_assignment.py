"""The assignment is the best one: compared with trying all of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from detectors.assignment import best_pairs


def grid(*rows: list[float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


def test_the_total_counts_not_the_first_choice() -> None:
    """A greedy choice of 0.9 would leave the second row with nothing."""
    assert best_pairs(grid([0.9, 0.8], [0.85, 0.0]), 0.1) == [(0, 1), (1, 0)]


def test_what_is_worth_too_little_stays_alone() -> None:
    """Below the least nothing is paired; exactly the least is."""
    assert best_pairs(grid([0.1, 0.0], [0.0, 0.2]), 0.2) == [(1, 1)]


def test_nothing_to_pair() -> None:
    """No rows, no columns, all worthless."""
    assert best_pairs(np.zeros((0, 3), np.float32), 0.1) == []
    assert best_pairs(np.zeros((3, 0), np.float32), 0.1) == []
    assert best_pairs(np.zeros((2, 2), np.float32), 0.1) == []


def best_total(worth: NDArray[np.float32], least: float) -> float:
    """By trying everything: each row one column of its own or none."""
    rows, columns = worth.shape
    padded = np.concatenate(
        [np.where(worth >= least, worth, -9.0), np.zeros((rows, rows), np.float32)], axis=1
    )
    return max(
        sum(float(padded[row, column]) for row, column in enumerate(chosen))
        for chosen in permutations(range(columns + rows), rows)
    )


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 4)),
        elements=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0]),
    )
)
def test_it_is_the_best_of_all(worth: NDArray[np.float32]) -> None:
    """No row and no column twice, and no other assignment is worth more."""
    pairs = best_pairs(worth, 0.2)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(worth[pair] >= 0.2 for pair in pairs)
    assert abs(sum(float(worth[pair]) for pair in pairs) - best_total(worth, 0.2)) < 1e-5
