"""Dry run: what a rule would have told of readings that are past; the very rule that runs live, with their own clock.

Between two readings a rule may change by time alone: it is looked at every STEP, and where two looks differ the moment
of the change is found to the second. What the hub did in that time (stops, a broker that was away) is not played again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from detectors.rule import Level, ReadingRule, RuleState
from ingest.reading import Reading

STEP = timedelta(minutes=1)
"""Between two looks, where no reading comes."""
EXACT = timedelta(seconds=1)
"""How exactly the moment of a change is found."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One time in which the rule was active.

    Attributes:
        raised_at: When it became active.
        cleared_at: When it was no longer; None: not until the end.
        unknown: It ended because nothing was known any more: an incident would have become stale, and stayed open.
        level: What it said when it became active.
        state: What it remembered then.
    """

    raised_at: datetime
    cleared_at: datetime | None
    unknown: bool
    level: Level
    state: RuleState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule would have told of one device.

    Attributes:
        spells: In their order.
        used: How many readings changed what it knew.
        last: What it says at the end.
    """

    spells: tuple[Spell, ...]
    used: int
    last: Level


def dry_run(
    rule: ReadingRule, readings: Iterable[Reading], *, begin: datetime, since: datetime, until: datetime
) -> Outcome:
    """Play the readings of one device in the order of their arrival.

    Args:
        rule: The rule, as it runs live.
        readings: Of one device, by `received_at`.
        begin: When the rule is switched on; what it learns from there on counts.
        since: Spells that ended before are not told.
        until: The end.
    """
    watch = _Watch(rule, rule.start(begin), begin)
    used = 0
    for each in readings:
        watch.advance(each.received_at)
        after = rule.observe(watch.state, each)
        if after is not watch.state:
            used += 1
            watch.state = after
            watch.look(each.received_at)
    watch.advance(until)
    spells = watch.ended()
    told = tuple(each for each in spells if each.cleared_at is None or each.cleared_at >= since)
    return Outcome(told, used, rule.level(watch.state, until))


class _Watch:
    """The rule's state, and what was noted of it so far."""

    def __init__(self, rule: ReadingRule, state: RuleState, at: datetime) -> None:
        self.state = state
        self._rule = rule
        self._at = at
        self._phase = rule.level(state, at).state
        self._open: tuple[datetime, Level, RuleState] | None = None
        self._spells: list[Spell] = []

    def look(self, at: datetime) -> None:
        """Note what holds at a moment."""
        found = self._rule.level(self.state, at)
        self._at = at
        if found.state == self._phase:
            return
        if found.state == "active":
            self._open = (at, found, self.state)
        elif self._open is not None:
            raised, level, state = self._open
            self._spells.append(Spell(raised, at, found.state == "unknown", level, state))
            self._open = None
        self._phase = found.state

    def advance(self, until: datetime) -> None:
        """Let time pass; the state stays."""
        while self._at < until:
            ahead = min(self._at + STEP, until)
            if self._rule.level(self.state, ahead).state == self._phase:
                self._at = ahead
                continue
            low, high = self._at, ahead
            while high - low > EXACT:
                middle = low + (high - low) / 2
                low, high = (
                    (middle, high)
                    if self._rule.level(self.state, middle).state == self._phase
                    else (low, middle)
                )
            self.look(high)

    def ended(self) -> list[Spell]:
        """All spells; the last may be open."""
        if self._open is not None:
            raised, level, state = self._open
            return [*self._spells, Spell(raised, None, False, level, state)]
        return self._spells
