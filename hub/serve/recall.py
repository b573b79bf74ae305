"""Recall: what must be known of earlier messages to understand the next one: open episodes, numbers of senders.

Conventions are decoded one message at a time, without a memory; this is the memory, with its lock. What it learns is
stored with the readings it led to (`Understood.remember`), so that a hub that dies knows it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from hub.serve.understand import NewestOf, Refused, Understood
from ingest.episodes import Change, Episodes, Kept, Turn
from ingest.errors import MalformedPayload
from ingest.interpret import to_reading
from ingest.payload import Numbered, Observation
from ingest.reading import Reading
from ingest.sequences import Sequences, Verdict

TIMES_OUT = "episodes"
"""The convention, in metrics, of a value that changed because nobody repeated it."""


class Recall:
    """The memory of one intake; thread-safe."""

    def __init__(self, kept: Iterable[Kept], now: datetime, newest: NewestOf) -> None:
        self._lock = threading.Lock()
        self._episodes = Episodes(kept, now)
        self._sequences = Sequences()
        self._newest = newest

    def in_order(self, numbered: Numbered, now: datetime) -> Verdict:
        """Whether no message of the sender was lost before this one."""
        with self._lock:
            return self._sequences.judge(numbered, now)

    def missed(self) -> None:
        """The broker was away: anybody may have said anything meanwhile."""
        with self._lock:
            self._sequences.forget()

    def with_turns(self, said: Understood, now: datetime, *, retained: bool) -> Understood:
        """What was understood, with the true/false values that its episodes lead to."""
        if not said.episodes:
            return said
        with self._lock:
            change = self._episodes.hear(said.episodes, now)
        return self._and(said, change, now, retained=retained)

    def timed_out(self, now: datetime) -> Understood | None:
        """The values of episodes that are over because nobody repeated them, or None."""
        with self._lock:
            change = self._episodes.pass_time(now)
        if change == Change():
            return None
        return self._and(Understood(TIMES_OUT), change, now, retained=False)

    def _and(self, said: Understood, change: Change, now: datetime, *, retained: bool) -> Understood:
        readings, refused = list(said.readings), list(said.refused)
        for turn in change.turns:
            try:
                readings.append(self._reading(turn, now, retained=retained))
            except MalformedPayload as wrong:
                refused.append(Refused(wrong.reason, f"{turn.device}: {wrong}"))
        return said._replace(readings=tuple(readings), refused=tuple(refused), remember=change)

    def _reading(self, turn: Turn, now: datetime, *, retained: bool) -> Reading:
        return to_reading(
            # both values may be true of one millisecond: the identifier keeps them apart
            Observation(
                turn.device, turn.quantity, turn.value, at=turn.at, message_id=str(turn.value).lower()
            ),
            turn.device,
            received_at=now,
            retained=retained,
            newest=self._newest(turn.device).get(turn.quantity),
        )
