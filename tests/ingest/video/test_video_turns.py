"""Turns: of many cameras that begin at once, a few begin open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.video.turns import LASTS, Turns

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_a_few_at_once_and_then_the_next() -> None:
    """Whoever finds no place asks again; places come free as the beginnings end."""
    turns = Turns(2)
    assert [turns.take(START) for _ in range(3)] == [True, True, False]
    assert not turns.take(START + LASTS - timedelta(seconds=1))
    assert [turns.take(START + LASTS) for _ in range(3)] == [True, True, False]


def test_a_clock_that_is_set_back_does_not_stop_them() -> None:
    """What was given in what is now the future no longer counts."""
    turns = Turns(1)
    assert turns.take(START)
    assert turns.take(START - timedelta(hours=1))
