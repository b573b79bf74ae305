"""Throttle: so many at once, then at an even pace, whatever the order of the clock's ticks."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.throttle import Pace, let_in
from tests.alerts.county import NOW

MINUTE = timedelta(minutes=1)
PACE = Pace(3, MINUTE)


def test_a_burst_and_then_one_by_one() -> None:
    """Three at once, the fourth waits as long as it says, and is let in then."""
    until: datetime | None = None
    for _ in range(3):
        until = let_in(PACE, until, NOW).until
        assert until is not None
    refused = let_in(PACE, until, NOW)
    assert (refused.until, refused.wait) == (None, MINUTE)
    assert let_in(PACE, until, NOW + refused.wait).until is not None


def test_what_is_over_says_nothing() -> None:
    """A moment that has passed is the same as none, so it may be forgotten."""
    assert let_in(PACE, NOW - MINUTE, NOW) == let_in(PACE, None, NOW)


@given(st.lists(st.integers(0, 300), max_size=60))
def test_never_more_than_burst_and_pace(seconds: list[int]) -> None:
    """In any stretch of time there are at most `burst` and one per `every` let in."""
    until: datetime | None = None
    came: list[datetime] = []
    for at in sorted(NOW + timedelta(seconds=each) for each in seconds):
        found = let_in(PACE, until, at)
        if found.until is not None:
            until = found.until
            came.append(at)
    for n, start in enumerate(came):
        for m, end in enumerate(came[n:], n):
            assert m - n + 1 <= PACE.burst + (end - start) / PACE.every + 1e-9
