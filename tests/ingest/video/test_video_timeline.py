"""Timeline: bad stamps become a line that rises at the pace of the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.video.timeline import Timeline

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
MS = 0.001  # a time base that makes the rows readable

# (why, packets as (pts, dts, wall ms), expected dts)
ROWS = [
    ("good stamps are followed, from 0", [(5000, 5000, 0), (5040, 5040, 41), (5080, 5080, 79)], [0, 40, 80]),
    ("stamps that stand still become wall time", [(0, 0, 0), (0, 0, 40), (0, 0, 80)], [0, 40, 80]),
    ("no stamps become wall time", [(None, None, 0), (None, None, 40)], [0, 40]),
    ("the first without a stamp, then good ones", [(None, None, 0), (0, 0, 1), (40, 40, 41)], [0, 1, 41]),
    (
        "a loop goes back to 0",
        [(0, 0, 0), (4000, 4000, 4000), (0, 0, 4040), (40, 40, 4080)],
        [0, 4000, 4040, 4080],
    ),
    (
        "a leap of an hour is not believed",
        [(0, 0, 0), (3_600_000, 3_600_000, 40), (3_600_040, 3_600_040, 80)],
        [0, 40, 80],
    ),
    ("an outage that both clocks saw is kept", [(0, 0, 0), (20_000, 20_000, 20_000)], [0, 20_000]),
    ("a burst after a stall keeps the stamps", [(0, 0, 0), (40, 40, 2000), (80, 80, 2000)], [0, 40, 80]),
    ("the wall clock set back does not go back", [(0, 0, 0), (40, 40, -5000), (80, 80, -4960)], [0, 40, 80]),
    ("only pts", [(100, None, 0), (140, None, 40)], [0, 40]),
]


@pytest.mark.parametrize(("why", "packets", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_dts(why: str, packets: list[tuple[int | None, int | None, int]], expected: list[int]) -> None:
    """Each sequence of stamps is placed as its row says."""
    line = Timeline(MS)
    placed = [line.place(pts, dts, START + timedelta(milliseconds=wall)) for pts, dts, wall in packets]
    assert [dts for _, dts in placed] == expected, why


def test_the_first_picture_stands_as_long_as_the_stream_says() -> None:
    """Without a stamp, and with the next one ready behind it, the first picture is not followed at once."""
    line = Timeline(MS)
    assert line.place(None, None, START, 40) == (0, 0)
    assert line.place(3600, 3600, START + timedelta(milliseconds=1), 40) == (40, 40)
    assert line.place(3640, 3640, START + timedelta(milliseconds=2), 40) == (80, 80)


def test_a_standing_time_of_hours_is_not_believed() -> None:
    """What the stream says of its pictures is held against the wall clock as its stamps are."""
    line = Timeline(MS)
    assert line.place(None, None, START, 3_600_000) == (0, 0)
    assert line.place(0, 0, START + timedelta(milliseconds=40)) == (40, 40)


def test_reordering_is_kept_and_nonsense_is_not() -> None:
    """B-frames are shown later than decoded; a pts before its dts or far after it is replaced."""
    line = Timeline(MS)
    assert line.place(80, 0, START) == (80, 0)
    assert line.place(20, 40, START + timedelta(milliseconds=40)) == (40, 40)
    assert line.place(90_000, 80, START + timedelta(milliseconds=80)) == (80, 80)


stamp = st.none() | st.integers(-(2**62), 2**62)


@given(st.lists(st.tuples(stamp, stamp, st.integers(-100_000, 100_000)), max_size=30))
def test_whatever_comes_dts_rises_and_pts_is_never_before_it(
    packets: list[tuple[int | None, int | None, int]],
) -> None:
    """No stamps, however wild, make the line stand still or go back."""
    line = Timeline(MS)
    last = -1
    for pts, dts, wall in packets:
        placed_pts, placed_dts = line.place(pts, dts, START + timedelta(milliseconds=wall))
        assert placed_dts > last
        assert placed_pts >= placed_dts
        last = placed_dts
