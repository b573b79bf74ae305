"""Assignment: which of N goes with which of M so that the whole is worth most (Hungarian method); pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_pairs(worth: NDArray[np.float32], least: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the assignment with the highest total worth, by row.

    Args:
        worth: (N, M), 0 or more.
        least: A pair that is worth less is not made, and takes part in no total.
    """
    rows, columns = worth.shape
    if not rows or not columns:
        return []
    usable = worth >= least
    # Most things are alone with their box: such a pair is certain, and only the rest must be weighed against it.
    alone = usable & (usable.sum(axis=1) == 1)[:, None] & (usable.sum(axis=0) == 1)[None, :]
    sure = [(int(row), int(column)) for row, column in np.argwhere(alone)]
    doubtful = usable & ~alone
    some_rows, some_columns = np.flatnonzero(doubtful.any(axis=1)), np.flatnonzero(doubtful.any(axis=0))
    if not len(some_rows):
        return sure
    pick = np.ix_(some_rows, some_columns)
    weighed = _weigh(worth[pick], usable[pick])
    return sorted([*sure, *((int(some_rows[row]), int(some_columns[column])) for row, column in weighed)])


def _weigh(worth: NDArray[np.float32], usable: NDArray[np.bool_]) -> list[tuple[int, int]]:
    rows, columns = worth.shape
    # A row may stay alone at the cost of 1 on a column of its own; a pair that is not made costs more than two.
    cost = np.full((rows, columns + rows), 1.0, np.float64)
    cost[:, :columns] = np.where(usable, 1.0 - worth / (worth.max() + 1.0), 4.0)
    chosen = _cheapest(cost)
    return [
        (row, int(column)) for row, column in enumerate(chosen) if column < columns and usable[row, column]
    ]


def _cheapest(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each row its column in the cheapest full assignment; rows <= columns. O(rows² · columns)."""
    rows, columns = cost.shape
    # Potentials and augmenting paths; index 0 stands for "none", so all are shifted by one.
    row_price = np.zeros(rows + 1)
    column_price = np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, np.int64)
    before = np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        shortest = np.full(columns + 1, np.inf)
        visited = np.zeros(columns + 1, np.bool_)
        while True:
            visited[column] = True
            here = row_of[column]
            reduced = cost[here - 1] - row_price[here] - column_price[1:]
            better = ~visited[1:] & (reduced < shortest[1:])
            shortest[1:][better] = reduced[better]
            before[1:][better] = column
            open_ = np.where(visited, np.inf, shortest)
            following = int(open_.argmin())
            step = open_[following]
            row_price[row_of[visited]] += step
            column_price[visited] -= step
            shortest[~visited] -= step
            column = following
            if row_of[column] == 0:
                break
        while column:
            row_of[column] = row_of[before[column]]
            column = int(before[column])
    answer = np.zeros(rows, np.int64)
    for column in range(1, columns + 1):
        if row_of[column]:
            answer[row_of[column] - 1] = column - 1
    return answer
