"""Arrival: when packets came that lay ready while their reader slept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.video.arrival import Arrival

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
