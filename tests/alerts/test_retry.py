"""When to try again, and when to give up: tables, for event webhooks and for notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.channel import Outcome
from alerts.retry import (
    AWAY,
    NOTICE,
    REFUSED_TRIES,
    WINDOW,
    event_is_dead,
    notice_is_dead,
    pause,
    room_in,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GONE = Outcome(ok=False, retry=False, reason="gone", code=410)
NO = Outcome(ok=False, retry=False, reason="rejected", code=422)
AGAIN = Outcome(ok=False, retry=True, reason="timeout")

PAUSES: list[tuple[str, int, Outcome, float]] = [
    ("the first failure", 1, AGAIN, 1),
    ("it doubles", 2, AGAIN, 2),
    ("and doubles", 6, AGAIN, 32),
    ("up to five minutes", 10, AGAIN, 300),
    ("and no number is too big", 10_000, AGAIN, 300),
    ("as it is asked", 1, Outcome(ok=False, retry=True, reason="busy", code=429, retry_after=30), 30),
    ("never sooner than by itself", 9, Outcome(ok=False, retry=True, reason="busy", retry_after=1), 256),
    ("asked for a day: a quarter of an hour", 1, Outcome(ok=False, retry=True, reason="busy", retry_after=86_400), 900),
    ("refused: a minute", 1, NO, 60),
    ("refused again", 4, NO, 480),
    ("up to a quarter of an hour", 7, NO, 900),
]  # fmt: skip


@pytest.mark.parametrize(("why", "attempts", "outcome", "seconds"), PAUSES, ids=[row[0] for row in PAUSES])
def test_pause(why: str, attempts: int, outcome: Outcome, seconds: float) -> None:
    """By how often it failed, and what the receiver said."""
    assert pause(attempts, outcome) == timedelta(seconds=seconds), why


def test_a_refused_event_is_tried_for_an_hour() -> None:
    """As the documents say."""
    assert sum((pause(n, NO) for n in range(1, REFUSED_TRIES)), timedelta(0)) == timedelta(hours=1)


WEEK = AWAY + timedelta(minutes=1)
DEAD: list[tuple[str, Outcome, int, timedelta, timedelta, bool]] = [
    # why, how it went, refusals, age of the event, how long the receiver took nothing, given up
    ("gone", GONE, 1, timedelta(0), timedelta(0), True),
    ("refused, not often enough", NO, REFUSED_TRIES - 1, timedelta(0), timedelta(0), False),
    ("refused often enough", NO, REFUSED_TRIES, timedelta(0), timedelta(0), True),
    ("away for long, the event is young", AGAIN, 0, timedelta(hours=1), WEEK, False),
    ("an old event, the receiver was there yesterday", AGAIN, 0, WEEK, timedelta(days=1), False),
    ("both", AGAIN, 0, WEEK, WEEK, True),
    ("refused a few times, then away", AGAIN, REFUSED_TRIES + 1, timedelta(0), timedelta(0), False),
]


@pytest.mark.parametrize(
    ("why", "outcome", "refusals", "age", "away", "dead"), DEAD, ids=[row[0] for row in DEAD]
)
def test_an_event_is_given_up(
    why: str, outcome: Outcome, refusals: int, age: timedelta, away: timedelta, dead: bool
) -> None:
    """So that the order can go on."""
    found = event_is_dead(outcome, refusals=refusals, at=NOW - age, failing_since=NOW - away, now=NOW)
    assert found == dead, why


@pytest.mark.parametrize(
    ("outcome", "age", "dead"),
    [(NO, timedelta(0), True), (AGAIN, timedelta(0), False), (AGAIN, NOTICE, True)],
    ids=["no retry helps", "young", "a day old"],
)
def test_a_notice_is_given_up(outcome: Outcome, age: timedelta, dead: bool) -> None:
    """At once when no retry helps, else after a day."""
    assert notice_is_dead(outcome, at=NOW - age, now=NOW) == dead


def test_a_robots_minute() -> None:
    """The 21st message waits until the first of the last twenty is more than a minute ago."""
    sent = [NOW + timedelta(seconds=n) for n in range(20)]
    at = NOW + timedelta(seconds=20)
    assert room_in(sent[:19], 20, at) == timedelta(0)
    assert room_in(sent, 20, at) == WINDOW - timedelta(seconds=20)
    assert room_in(sent, 20, NOW + WINDOW) == timedelta(0)
    assert room_in(sent, None, at) == timedelta(0)
