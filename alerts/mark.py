"""Mark: how far one source has been heard, and the levels it said of late; pure.

A source is one (rule, place, device): it numbers its signals, and (epoch, n) is their order. One router hears them
in that order. Several routers on one ledger share the signals of a source and may commit them in another order, so
the mark keeps the latest levels: a signal that comes late is put where it belongs, and what it says is either known
already, or an excursion (active until the next inactive) that nobody has recorded yet.

What counts, whichever order the signals come in: which level is the newest, so what is open in the end; and that
every excursion has its incident. A late `inactive` between two active ones changes nothing: the two excursions were
taken for one, and stay one incident that covers both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from detectors.signal import Signal, SignalState

KEPT = 16
"""Levels that are remembered of a source. Routers are seconds apart at most, and a sane source does not change its
level 16 times in that; what comes later still is compared with the incidents in the ledger."""

Verdict = Literal["fresh", "duplicate", "late", "missed", "joins", "ended", "old-epoch"]
"""What a signal is to its source.

fresh: the newest. duplicate: heard before. late: newer ones are known, and it adds nothing. missed: it was active, and
then came a level that is not: an excursion of its own. joins: the level after it is active too: that excursion began
earlier than thought. ended: it was calm, and nothing is known after that: what is open is over. old-epoch: of an
assignment that is no longer valid.
"""


@dataclass(frozen=True, slots=True)
class Level:
    """What a source said at one moment; a run of active ones is kept as one.

    Attributes:
        state: The level.
        epoch: Of the signal, in a run of the first.
        n: Of the signal, in a run of the first.
        at: Of the signal, in a run of the first (UTC).
        last: (epoch, n) of the last of a run; of the newest level only as far as came late, see Mark.
    """

    state: SignalState
    epoch: int
    n: int
    at: datetime
    last: tuple[int, int]

    @staticmethod
    def of(signal: Signal) -> Level:
        """What a signal says."""
        return Level(signal.state, signal.epoch, signal.n, signal.at, (signal.epoch, signal.n))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a source has been heard.

    Attributes:
        epoch: Of its newest signal.
        n: Of its newest signal.
        at: Of its newest signal (UTC).
        levels: What it said of late, in its own order; the newest lasts until `n`. Empty where only the position
            is known.
    """

    epoch: int
    n: int
    at: datetime
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What one signal is to its source.

    Attributes:
        verdict: See Verdict.
        mark: The mark after it, None where it does not change.
        until: After `missed`: the level that ended the excursion, or the newest `unknown` if nothing ended it;
            after `joins`: the active level that it goes on to.
    """

    verdict: Verdict
    mark: Mark | None = None
    until: Level | None = None


def judge(mark: Mark | None, signal: Signal) -> Judged:
    """Where one more signal belongs among those that were heard."""
    order = (signal.epoch, signal.n)
    if mark is None:
        return Judged("fresh", Mark(signal.epoch, signal.n, signal.at, (Level.of(signal),)))
    if order > (mark.epoch, mark.n):
        return Judged("fresh", Mark(signal.epoch, signal.n, signal.at, _after(mark, signal)))
    if order == (mark.epoch, mark.n):
        return Judged("duplicate")
    if signal.epoch < mark.epoch and not _before_epoch(mark, signal.at):
        return Judged("old-epoch")
    return _late(mark, signal) if mark.levels else Judged("duplicate")


def _after(mark: Mark, signal: Signal) -> tuple[Level, ...]:
    if not mark.levels:
        return (Level.of(signal),)
    *earlier, newest = mark.levels
    if newest.state == signal.state == "active":
        return mark.levels  # a renewal moves the mark alone
    return (*earlier, replace(newest, last=(mark.epoch, mark.n)), Level.of(signal))[-KEPT:]


def _before_epoch(mark: Mark, at: datetime) -> bool:
    """Whether a moment lies before the present epoch began, as far as is known."""
    begun = min((each.at for each in mark.levels if each.epoch == mark.epoch), default=None)
    return begun is not None and at < begun


def _late(mark: Mark, signal: Signal) -> Judged:
    order = (signal.epoch, signal.n)
    earlier = [each for each in mark.levels if (each.epoch, each.n) <= order]
    last = earlier[-1] if earlier else None
    if last is not None and (last.epoch, last.n) == order:
        return Judged("duplicate")
    following = mark.levels[len(earlier) :]
    within = last is not None and last.state == "active" and (not following or order < last.last)
    if last is not None and last.state == signal.state == "active":
        if within:
            return Judged("late")
        earlier[-1] = replace(last, last=order)
        return Judged("late", replace(mark, levels=(*earlier, *following)))
    after = replace(mark, levels=(*earlier, Level.of(signal), *following)[-KEPT:])
    known = next((each for each in following if each.state != "unknown"), None)
    if signal.state == "inactive":
        return Judged("ended", after) if following and known is None and not within else Judged("late")
    if signal.state == "unknown":
        return Judged("late")
    if known is not None and known.state == "active":
        return Judged("joins", after, known)
    return Judged("missed", after, known or following[-1])
