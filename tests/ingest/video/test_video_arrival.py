"""Arrival and lateness: when packets came that lay ready while their reader slept, and whether it falls behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.video.arrival import Arrival, Lateness

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
STEP = 3600
"""0.04 s of a clock of 90 kHz."""

ROWS: list[tuple[str, bool, list[tuple[float, int | None, bool]], list[float]]] = [
    ("without a nap, the clock", False, [(0, 0, True), (0.1, STEP, False)], [0, 0.1]),
    (
        "after a nap, what lay ready came one after the other",
        True,
        [(0, 0, True), (0.2, STEP, False), (0.2, 2 * STEP, False), (0.2, 3 * STEP, False)],
        [0, 0.04, 0.08, 0.12],
    ),
    ("who had to wait was awake", True, [(0, 0, True), (0.2, STEP, False), (0.3, 9, True)], [0, 0.04, 0.3]),
    ("never in the future", True, [(0, 0, True), (0.2, 10 * STEP, False)], [0, 0.2]),
    ("stamps that go back", True, [(0, 9 * STEP, True), (0.2, 0, False)], [0, 0]),
    ("no stamps", True, [(0, None, True), (0.2, None, False)], [0, 0.2]),
]


@pytest.mark.parametrize(("why", "napped", "packets", "came"), ROWS, ids=[row[0] for row in ROWS])
def test_when_it_came(
    why: str, napped: bool, packets: list[tuple[float, int | None, bool]], came: list[float]
) -> None:
    """(seconds on the clock, stamp, had to be waited for) of each packet, and its time in seconds."""
    now = [START]
    arrival = Arrival(1 / 90_000, lambda: now[0])
    found: list[float] = []
    for at, stamp, waited in packets:
        now[0] = START + timedelta(seconds=at)
        found.append((arrival.of(stamp, waited=waited) - START).total_seconds())
        arrival.napped = arrival.napped or napped
    assert found == pytest.approx(came), why


LATE: list[tuple[str, list[tuple[float, float]], float]] = [
    ("the first", [(5.0, 0.0)], 0.0),
    ("as quick as the first", [(5.0, 0.0), (7.0, 2.0)], 0.0),
    ("later by half a second", [(5.0, 0.0), (7.5, 2.0)], 0.5),
    ("quicker than the first, then as the first", [(5.5, 0.0), (7.0, 2.0), (8.5, 3.0)], 0.5),
    ("a day of a camera whose clock is slow", [(float(i), i * 0.9999) for i in range(0, 86_400, 60)], 0.0),
]


@pytest.mark.parametrize(("why", "packets", "late"), LATE, ids=[row[0] for row in LATE])
def test_how_late_the_last_was_taken(why: str, packets: list[tuple[float, float]], late: float) -> None:
    """(taken, media time) of each packet in seconds, and how late the last was."""
    lateness = Lateness()
    assert [lateness.of(heard, media) for heard, media in packets][-1] == pytest.approx(late, abs=0.01), why
