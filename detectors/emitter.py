"""Emitter: levels become signals: on change, and every 10 s while active. No clock, no thread, no I/O.

A level that is not active is told once more after 10 s: a broker that is killed may lose what it took in its last
second, and an end that nobody heard would leave an incident open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from detectors.rule import Level, RuleParams
from detectors.signal import Severity, Signal, SignalState

RENEW = timedelta(seconds=10)
"""An active level is repeated this often; the router calls it stale after 30 s without."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where signals come from: one rule at one place and device.

    Attributes:
        rule: Registry id of the rule.
        place: Site id, or `site/zone_name`.
        device: Registry id of the device.
        kind: Kind of the rule.
        condition: Catalogue word.
        severity: Of the rule.
    """

    rule: str
    place: str
    device: str
    kind: str
    condition: str
    severity: Severity

    @property
    def key(self) -> tuple[str, str, str]:
        """(rule, place, device): what counts separately."""
        return self.rule, self.place, self.device


def source(params: RuleParams, *, site: str, device: str) -> Source:
    """The source of a rule's signals about one device at a site."""
    return Source(
        rule=params.id,
        place=f"{site}/{params.zone_name}" if params.zone_name else site,
        device=device,
        kind=params.kind,
        condition=params.condition or params.id,
        severity=params.severity,
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last said about a source; `at` is None when another process said it.

    `again`: it had been said before that, too.
    """

    n: int
    state: SignalState | None
    at: datetime | None
    again: bool = False


class Emitter:
    """Turns the levels of one epoch into signals.

    The first level of a source is always told, whatever it is: the router may still hold an open incident from
    an earlier process. `n` rises by one per signal of a source; after a restart in the same epoch, resume()
    goes on from the latest n that was stored.
    """

    def __init__(self, *, epoch: int, new_id: Callable[[], str], renew: timedelta = RENEW) -> None:
        self.epoch = epoch
        self._new_id = new_id
        self._renew = renew
        self._sent: dict[tuple[str, str, str], Sent] = {}

    def resume(self, of: Source, n: int) -> None:
        """Go on from `n`; the next level is told in any case."""
        self._sent[of.key] = Sent(n, None, None)

    def is_due(self, of: Source, level: Level, now: datetime) -> bool:
        """Whether step() would tell this level."""
        last = self._sent.get(of.key)
        if last is None or last.at is None or last.state != level.state:
            return True
        return (level.state == "active" or not last.again) and now - last.at >= self._renew

    def step(
        self, of: Source, level: Level, now: datetime, *, evidence_ref: str | None = None
    ) -> Signal | None:
        """The signal to send for what holds now, or None when nothing is new."""
        if not self.is_due(of, level, now):
            return None
        last = self._sent.get(of.key)
        n = 1 if last is None else last.n + 1
        again = last is not None and last.state == level.state
        self._sent[of.key] = Sent(n, level.state, now, again)
        return Signal(
            id=self._new_id(),
            rule=of.rule,
            kind=of.kind,
            condition=of.condition,
            place=of.place,
            device=of.device,
            state=level.state,
            since=level.since,
            at=now,
            severity=of.severity,
            value=level.value,
            limit=level.limit,
            certainty=level.certainty,
            epoch=self.epoch,
            n=n,
            evidence_ref=evidence_ref,
            explanation=level.explanation,
        )

    def last(self, of: Source) -> Sent | None:
        """What was last said about a source."""
        return self._sent.get(of.key)

    def forget(self, keep: Iterable[Source]) -> None:
        """Drop the sources that are no longer assigned."""
        kept = {each.key for each in keep}
        self._sent = {key: sent for key, sent in self._sent.items() if key in kept}
