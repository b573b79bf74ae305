"""Portions of an act: as many signals as there is time for, and never so many that others wait for long."""

from __future__ import annotations

import pytest

from hub.serve.signals import GROWTH, LONG, PORTION, further

PACES = [
    ("it goes quickly: several times as many", 100, 0.01, 0.01, 100 * GROWTH),
    ("there is time for fewer than that", 100, 0.1, 0.1, 300),
    ("raising is slow: few", 100, 0.3, 0.3, 33),
    ("the time is over", 100, 0.1, LONG, 0),
    ("the time was over long ago", 100, 9.0, 9.0, 0),
    ("no time was measured at all", 100, 0.0, 0.0, 100 * GROWTH),
    ("less than one more is to be had", 1, 0.39, 0.39, 0),
]


@pytest.mark.parametrize(("why", "done", "took", "since", "size"), PACES, ids=[row[0] for row in PACES])
def test_the_next_portion(why: str, done: int, took: float, since: float, size: int) -> None:
    """By the pace of the last one and by what is left of an act's time."""
    assert further(done, took, since) == size, why


def test_an_act_ends_at_any_pace() -> None:
    """However slow signals are, portions end with the time: the first begins, none follows."""
    for pace in (1e-6, 1e-4, 1e-2, 1.0):
        since, size, portions = 0.0, PORTION, 0
        while size and portions < 1000:
            took = size * pace
            since += took
            size = further(size, took, since)
            portions += 1
        assert portions < 1000
        assert since <= max(LONG, PORTION * pace) + 1e-9
