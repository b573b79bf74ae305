"""Clocks of devices: unset, ahead and behind are told apart from history and from delay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.clock import UNKNOWN, after, is_fault, seconds

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("messages", "fault", "error", "why"),
    [
        ([(0 * S, 0 * S)], "", 0.0, "right"),
        ([(0 * S, 90 * S)], "", 90.0, "a little ahead is allowed"),
        ([(0 * S, 8 * H)], "clock-ahead", 28800.0, "local time sold as UTC"),
        ([(0 * S, datetime(2106, 2, 7, tzinfo=UTC) - NOW)], "clock-ahead", None, "32 bits ran over"),
        ([(0 * S, datetime(1970, 1, 1, tzinfo=UTC) - NOW)], "clock-unset", None, "never set"),
        ([(0 * S, -3 * M)], "", -180.0, "three minutes under way"),
        ([(0 * S, -8 * H)], "", None, "one old value is history"),
        (
            [(0 * S, -8 * H), (M, -8 * H), (2 * M, -8 * H)],
            "clock-behind",
            -28800.0,
            "always late by the same",
        ),
        ([(0 * S, -8 * H), (S, -8 * H), (2 * S, -8 * H)], "", None, "a burst proves nothing"),
        (
            [(n * S, -8 * H + n * 10 * M) for n in range(40)],
            "",
            None,
            "history whose lateness shrinks",
        ),
        (
            [(n * M, -8 * H + n * 4 * M) for n in range(9)],
            "",
            None,
            "slow history",
        ),
        ([(0 * S, 8 * H), (M, 0 * S)], "", 0.0, "set right again"),
        ([(0 * S, 8 * H), (M, -2 * H)], "clock-ahead", 28800.0, "history says nothing of the clock"),
        (
            [(0 * S, -8 * H), (M, -8 * H), (2 * M, -8 * H), (3 * M, 0 * S)],
            "",
            0.0,
            "set right after it was behind",
        ),
    ],
)
def test_clocks(
    messages: list[tuple[timedelta, timedelta]], fault: str, error: float | None, why: str
) -> None:
    """Each message is (arrival, device time minus arrival)."""
    clock = UNKNOWN
    for arrival, off in messages:
        clock = after(clock, NOW + arrival + off, NOW + arrival)
    assert clock.fault == fault, why
    if error is not None:
        assert clock.error is not None
        assert seconds(clock.error) == error, why
    assert is_fault(clock.fault) == bool(fault)
