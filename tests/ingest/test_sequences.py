"""Sequences: a gap is noticed, the sender is asked to begin anew, and is not believed until it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest import sequences
from ingest.payload import Numbered, Reply
from ingest.sequences import Sequences, Verdict

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GOOD, DOUBTED, ASKED = Verdict(in_order=True), Verdict(in_order=False), Verdict(in_order=False, ask=True)


def message(number: int | None, *, first: bool = False, sender: str = "node") -> Numbered:
    return Numbered(sender, number, 256, first, (), Reply("t", b""))


@pytest.mark.parametrize(
    ("said", "verdicts", "reason"),
    [
        ([(0, True), (1, False), (2, False)], [GOOD, GOOD, GOOD], "nothing was lost"),
        ([(254, True), (255, False), (0, False), (1, False)], [GOOD] * 4, "after 255 comes 0"),
        ([(7, False)], [ASKED], "a node that was running before we listened"),
        ([(0, True), (2, False), (3, False)], [GOOD, ASKED, DOUBTED], "one lost; asked once, not believed"),
        ([(0, True), (2, False), (0, True), (1, False)], [GOOD, ASKED, GOOD, GOOD], "born again"),
        ([(0, True), (None, False), (1, False)], [GOOD, GOOD, ASKED], "dead: its numbers are gone"),
    ],
)
def test_gaps(said: list[tuple[int | None, bool]], verdicts: list[Verdict], reason: str) -> None:
    """Sparkplug 3.0, 5.4: the host asks for a rebirth."""
    counted = Sequences()
    found = [counted.judge(message(number, first=first), NOW) for number, first in said]
    assert found == verdicts, reason


def test_it_is_asked_again_when_it_does_not_answer() -> None:
    """Every ten seconds, not at every message."""
    counted = Sequences()
    asked = [counted.judge(message(5), NOW + timedelta(seconds=second)).ask for second in range(21)]
    assert [second for second, each in enumerate(asked) if each] == [0, 10, 20]


def test_one_nodes_gap_is_not_anothers() -> None:
    """Each has its own numbers."""
    counted = Sequences()
    counted.judge(message(0, first=True, sender="a"), NOW)
    assert counted.judge(message(9, sender="b"), NOW) == ASKED
    assert counted.judge(message(1, sender="a"), NOW) == GOOD


def test_the_broker_was_away() -> None:
    """Whatever was heard before proves nothing about what was said meanwhile."""
    counted = Sequences()
    counted.judge(message(0, first=True), NOW)
    counted.forget()
    assert counted.judge(message(1), NOW) == ASKED


def test_the_memory_is_bounded() -> None:
    """No crowd of names makes it grow without end."""
    counted = Sequences()
    for number in range(sequences.MAX_SENDERS + 5):
        counted.judge(message(0, first=True, sender=str(number)), NOW)
    assert len(counted._senders) == sequences.MAX_SENDERS
