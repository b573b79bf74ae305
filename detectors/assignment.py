"""Assignment: which of N goes with which of M so that the whole is worth most (Hungarian method); pure.

Most things are alone with their box, and who is not has two or three to choose from: so the pairs that are possible
fall into small groups, and each group is weighed for itself. Plain lists are quicker than arrays of that size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]
"""row, column"""


def best_pairs(worth: NDArray[np.float32], least: float) -> list[Pair]:
    """Pairs (row, column) of the assignment with the highest total worth, by row.

    Args:
        worth: (N, M), 0 or more.
        least: A pair that is worth less is not made, and takes part in no total.
    """
    usable: dict[Pair, float] = {
        (row, column): float(worth[row, column]) for row, column in np.argwhere(worth >= least).tolist()
    }
    return sorted(pair for group in _groups(usable) for pair in _best(group, usable))


def _groups(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs that have a row or a column in common, with all that these have in common with others."""
    of_row: dict[int, list[Pair]] = {}
    of_column: dict[int, list[Pair]] = {}
    for pair in pairs:
        of_row.setdefault(pair[0], []).append(pair)
        of_column.setdefault(pair[1], []).append(pair)
    groups: list[list[Pair]] = []
    seen: set[Pair] = set()
    for first in pairs:
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for row, column in group:  # it grows while it is walked through
            for other in (*of_row.pop(row, ()), *of_column.pop(column, ())):
                if other not in seen:
                    seen.add(other)
                    group.append(other)
        groups.append(group)
    return groups


def _best(group: Sequence[Pair], usable: dict[Pair, float]) -> list[Pair]:
    rows, columns = sorted({row for row, _ in group}), sorted({column for _, column in group})
    if len(rows) == 1 or len(columns) == 1:  # one against some: the first of the best
        return [max(sorted(group), key=usable.__getitem__)]
    most = max(usable[pair] for pair in group) + 1.0
    # A row may stay alone at the cost of 1 on a column of its own; a pair that is not made costs more than two.
    cost = [
        [1.0 - usable[row, column] / most if (row, column) in usable else 4.0 for column in columns]
        + [1.0] * len(rows)
        for row in rows
    ]
    chosen = ((row, columns[at]) for row, at in zip(rows, _cheapest(cost), strict=True) if at < len(columns))
    return [pair for pair in chosen if pair in usable]


def _cheapest(cost: Sequence[Sequence[float]]) -> list[int]:
    """For each row its column in the cheapest full assignment; rows <= columns. O(rows² · columns)."""
    rows, columns = len(cost), len(cost[0])
    # Potentials and augmenting paths; index 0 stands for "none", so all are shifted by one.
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        shortest, before = [inf] * (columns + 1), [0] * (columns + 1)
        visited: list[int] = []
        open_ = list(range(1, columns + 1))
        while True:
            visited.append(column)
            here = row_of[column]
            known, price = cost[here - 1], row_price[here]
            for each in open_:
                reduced = known[each - 1] - price - column_price[each]
                if reduced < shortest[each]:
                    shortest[each], before[each] = reduced, column
            following = min(open_, key=shortest.__getitem__)
            step = shortest[following]
            for each in visited:
                row_price[row_of[each]] += step
                column_price[each] -= step
            open_.remove(following)
            for each in open_:
                shortest[each] -= step
            column = following
            if row_of[column] == 0:
                break
        while column:
            row_of[column], column = row_of[before[column]], before[column]
    answer = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            answer[row_of[column] - 1] = column - 1
    return answer
