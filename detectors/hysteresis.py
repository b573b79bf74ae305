"""Hysteresis: a condition that must last before it counts, and must be gone before it is over.

What the rules share. A verdict is True (the raise limit is passed), False (the clear limit is passed) or None
(between the two limits: neither, what holds goes on holding). Pure: state in, state out, time as an argument;
the state is JSON-like. A level follows from state and time alone, so `raise_after` elapses without a new
observation, and looking or not looking in between changes nothing.

    unknown  --true for raise_after-->  active     since = when it became true
    unknown  --false for clear_after->  inactive   since = when it became false
    inactive --true for raise_after-->  active
    active   --false for clear_after->  inactive
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from detectors.kept import Kept, read
from detectors.signal import SignalState

HysteresisState = Mapping[str, str | None]
"""phase, since, true_since, false_since, seen: words and instants, or None."""


@lru_cache(maxsize=16_384)  # most of a state's instants stay as they are from one observation to the next
def pack(at: datetime) -> str:
    """An instant as it is kept in a state: exact to the microsecond."""
    return at.isoformat()


def unpack(text: str | None) -> datetime | None:
    """What pack() kept."""
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Phase:
    """The state, read.

    Attributes:
        phase: What holds.
        since: When that began to be true.
        true_since: When the raise limit was passed, while that is still counting.
        false_since: When that ended, while that is still counting.
        seen: The latest observation; None before the first.
    """

    phase: SignalState
    since: datetime
    true_since: datetime | None = None
    false_since: datetime | None = None
    seen: datetime | None = None

    def as_state(self) -> HysteresisState:
        """JSON-like."""
        kept = Kept(
            self,
            {
                "phase": self.phase,
                "since": pack(self.since),
                "true_since": None if self.true_since is None else pack(self.true_since),
                "false_since": None if self.false_since is None else pack(self.false_since),
                "seen": None if self.seen is None else pack(self.seen),
            },
        )
        return cast("HysteresisState", kept)

    @staticmethod
    def of(state: HysteresisState) -> Phase:
        """From what as_state() gave, or from its JSON."""
        return read(state, Phase, Phase._read)

    @staticmethod
    def _read(table: Mapping[str, object]) -> Phase:
        state = cast("HysteresisState", table)
        since = unpack(state["since"])
        if since is None:
            raise ValueError("a state without `since`")
        return Phase(
            cast("SignalState", state["phase"]),
            since,
            unpack(state.get("true_since")),
            unpack(state.get("false_since")),
            unpack(state.get("seen")),
        )


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How long before it counts.

    Attributes:
        raise_after: True must have lasted this long to become active; reaching it is enough.
        clear_after: False must have lasted this long to become inactive.
        gap: While a raise is counting, False for less than this does not restart it.
        hold: How long one observation is believed without another; None: until another says otherwise.
        lost: After this long without an observation nothing is known; None: never.
    """

    raise_after: timedelta
    clear_after: timedelta
    gap: timedelta = timedelta(0)
    hold: timedelta | None = None
    lost: timedelta | None = None

    def start(self, at: datetime) -> HysteresisState:
        """Nothing is known yet."""
        return Phase("unknown", at).as_state()

    def observe(self, state: HysteresisState, verdict: bool | None, at: datetime) -> HysteresisState:
        """The state after a verdict; one that is older than the latest changes nothing."""
        now = Phase.of(state)
        if now.seen is not None and at < now.seen:
            return state
        if self._is_lost(now, at):  # nobody looked: what was counting did not last, as far as is known
            now = Phase(now.phase, now.since, seen=now.seen)
        now = self._settle(now, at)
        return self._settle(self._apply(now, verdict, at), at).as_state()

    def phase(self, state: HysteresisState, now: datetime) -> Phase:
        """What holds at `now`."""
        read = Phase.of(state)
        if read.seen is None or self._is_lost(read, now):
            return Phase("unknown", read.seen or read.since, seen=read.seen)
        return self._settle(read, now)

    def _is_lost(self, read: Phase, at: datetime) -> bool:
        return self.lost is not None and read.seen is not None and at - read.seen > self.lost

    def _apply(self, read: Phase, verdict: bool | None, at: datetime) -> Phase:
        true_since, false_since = read.true_since, read.false_since
        if read.phase == "active":
            false_since = (false_since or at) if verdict is False else None
            true_since = None
        elif verdict is True:
            true_since, false_since = true_since or at, None
        else:
            false_since = false_since or at
        return Phase(read.phase, read.since, true_since, false_since, at)

    def _settle(self, read: Phase, at: datetime) -> Phase:
        """The phase that has come about by `at`, from what was observed until then."""
        if self.hold is not None and read.seen is not None:
            at = min(at, read.seen + self.hold)
        phase, since, true_since, false_since = read.phase, read.since, read.true_since, read.false_since
        if true_since is not None and false_since is not None and at - false_since >= self.gap:
            true_since = None
        if true_since is not None:  # counting towards a raise; a gap within it decides nothing yet
            if false_since is None and at - true_since >= self.raise_after:
                phase, since, true_since = "active", true_since, None
        elif phase != "inactive" and false_since is not None and at - false_since >= self.clear_after:
            phase, since = "inactive", false_since
        if phase is read.phase and since is read.since and true_since is read.true_since:
            return read  # as nearly always
        return Phase(phase, since, true_since, false_since, read.seen)
