"""Sequences: whether a sender that numbers its messages lost one on the way. No clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.payload import Numbered

AGAIN = timedelta(seconds=10)
"""A sender that does not answer is asked again after so long."""
MAX_SENDERS = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`in_order`: what needs the messages before it may be believed; `ask`: the sender is asked to begin anew."""

    in_order: bool
    ask: bool = False


@dataclass(slots=True)
class _Sender:
    expected: int | None = None
    asked_at: datetime | None = None


class Sequences:
    """The next number of every sender; not thread-safe, the caller holds a lock."""

    def __init__(self) -> None:
        self._senders: dict[str, _Sender] = {}

    def judge(self, numbered: Numbered, now: datetime) -> Verdict:
        """One message; a sender that is not known, or has a gap, is not believed until it begins anew."""
        if numbered.number is None:
            self._senders.pop(numbered.sender, None)
            return Verdict(in_order=True)
        if numbered.sender not in self._senders and len(self._senders) >= MAX_SENDERS:
            self._senders.pop(next(iter(self._senders)))
        sender = self._senders.setdefault(numbered.sender, _Sender())
        after = (numbered.number + 1) % numbered.modulo
        if numbered.first:
            sender.expected, sender.asked_at = after, None
            return Verdict(in_order=True)
        if sender.expected is not None and numbered.number == sender.expected:
            sender.expected = after
            return Verdict(in_order=True)
        sender.expected = None
        if sender.asked_at is not None and now - sender.asked_at < AGAIN:
            return Verdict(in_order=False)
        sender.asked_at = now
        return Verdict(in_order=False, ask=True)

    def forget(self) -> None:
        """Messages may have been missed from anybody: the broker was away."""
        for each in self._senders.values():
            each.expected = None
