"""Incident: one condition at one place, from its first signal to its last; pure.

Each (rule, device) that speaks about it is a Source with its own level. A signal replaces the level of its
source if it is newer, (epoch, n) decides; what the incident says is derived from all sources, so the order in
which the signals of different sources arrive does not matter. A source that is not heard of becomes `unknown`:
then the incident is stale, but never cleared. It clears when every source has said `inactive`; one that flaps
(alerts/flap.py) when it has been calm for its time besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts import flap
from detectors.signal import SEVERITIES, Severity, Signal, SignalState
from ingest.text import Text

Change = Literal["raised", "updated", "cleared", "renewed", "none"]
"""renewed: heard again, nothing a reader would notice; none: the signal changed nothing at all."""

STALE_AFTER = timedelta(seconds=30)
"""A level that is not renewed for this long is no longer known."""

TOGETHER = "together"
"""Kind of the sources that follow from other incidents (alerts/correlate.py)."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one rule says about one device, within one incident.

    Attributes:
        rule: Registry id of the rule.
        device: Registry id of the device.
        kind: Kind of the rule.
        epoch: Of the newest signal; older ones change no level.
        n: Of the newest signal.
        state: Level of the newest signal; `unknown` also when it was not renewed.
        at: When that level was evaluated (UTC).
        renewed_at: When it was last heard of (UTC).
        first_at: When it first said active, None if it never did (UTC).
        active_epoch: Of the newest active signal, from which the rest is taken.
        active_n: Of the newest active signal.
        severity: The highest it ever said.
        value: Of its newest active signal, as limit, certainty and explanation.
        limit: The limit it passed.
        certainty: 0..1.
        explanation: Which rule, which limit, since when.
        said: The value of its newest signal, whichever its level; None where there is none.
    """

    rule: str
    device: str
    kind: str
    epoch: int
    n: int
    state: SignalState
    at: datetime
    renewed_at: datetime
    first_at: datetime | None
    active_epoch: int
    active_n: int
    severity: Severity
    value: float | None
    limit: float | None
    certainty: float
    explanation: Text
    said: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What it is within an incident."""
        return self.rule, self.device

    @property
    def holds(self) -> bool:
        """It said active and has not taken it back."""
        return self.first_at is not None and self.state != "inactive"

    @property
    def derived(self) -> bool:
        """It follows from other incidents, nobody renews it."""
        return self.kind == TOGETHER

    def heard(self, signal: Signal, now: datetime) -> Source:
        """After one more signal of the same rule and device, in any order."""
        order = (signal.epoch, signal.n)
        changes: dict[str, object] = {}
        if now > self.renewed_at:
            changes["renewed_at"] = now
        if order > (self.epoch, self.n):
            changes |= {
                "epoch": signal.epoch,
                "n": signal.n,
                "state": signal.state,
                "at": signal.at,
                "said": signal.value,
            }
        if signal.state == "active":
            if self.first_at is None:
                changes |= {"first_at": signal.at, "severity": signal.severity}
            else:
                worse = SEVERITIES[min(_rank(self.severity), _rank(signal.severity))]
                changes |= {"first_at": min(self.first_at, signal.at), "severity": worse}
            if order > (self.active_epoch, self.active_n):
                changes |= {
                    "kind": signal.kind,
                    "active_epoch": signal.epoch,
                    "active_n": signal.n,
                    "value": signal.value,
                    "limit": signal.limit,
                    "certainty": signal.certainty,
                    "explanation": signal.explanation,
                }
        # one copy instead of four: this is done for every signal
        return replace(self, **changes)  # type: ignore[arg-type]  # fields by name, with values of their types

    def same_face(self, other: Source) -> bool:
        """Whether an incident looks the same with either of the two in it."""
        return (
            self.state == other.state
            and self.first_at == other.first_at
            and self.severity == other.severity
            and self.kind == other.kind
        )

    @staticmethod
    def of(signal: Signal, now: datetime) -> Source:
        """From its first signal."""
        active = signal.state == "active"
        return Source(
            rule=signal.rule,
            device=signal.device,
            kind=signal.kind,
            epoch=signal.epoch,
            n=signal.n,
            state=signal.state,
            at=signal.at,
            renewed_at=now,
            first_at=signal.at if active else None,
            active_epoch=signal.epoch if active else -1,
            active_n=signal.n if active else -1,
            severity=signal.severity if active else "info",
            value=signal.value if active else None,
            limit=signal.limit if active else None,
            certainty=signal.certainty if active else 0.0,
            explanation=signal.explanation if active else Text("", ""),
            said=signal.value,
        )


@dataclass(frozen=True, slots=True)
class Incident:
    """One condition at one place.

    Attributes:
        id: ULID.
        condition: Word of the catalogue.
        place: Site, site/zone or device.
        sources: In the order of (rule, device).
        state: open or cleared; a cleared one never opens again.
        cleared_at: When the last source let go (UTC), None while open.
        touched_at: When it last changed by itself, such as becoming stale (UTC).
        members: Ids of the incidents that were absorbed into it, sorted.
        flapping: It comes and goes, and ends only after a calm time.
    """

    id: str
    condition: str
    place: str
    sources: tuple[Source, ...]
    state: Literal["open", "cleared"] = "open"
    cleared_at: datetime | None = None
    touched_at: datetime | None = None
    members: tuple[str, ...] = ()
    flapping: bool = False

    @property
    def ever(self) -> tuple[Source, ...]:
        """The sources that said active at least once."""
        return tuple(each for each in self.sources if each.first_at is not None)

    @property
    def holding(self) -> tuple[Source, ...]:
        """The sources that have not taken it back."""
        return tuple(each for each in self.sources if each.holds)

    @property
    def lead(self) -> Source:
        """The source that speaks for all: the worst that holds, then the earliest."""
        speaking = self.holding or self.ever
        return min(speaking, key=lambda each: (_rank(each.severity), _begun(each), each.key))

    @property
    def explanation(self) -> Text:
        """What the lead says, and whether it flaps."""
        return flap.said(self.lead.explanation) if self.flapping else self.lead.explanation

    @property
    def quiet_since(self) -> datetime:
        """When the last source let go, of one that nothing holds (UTC)."""
        return max(each.at for each in self.sources)

    @property
    def kind(self) -> str:
        """Kind of the rule that spoke first."""
        return min(self.ever, key=lambda each: (_begun(each), each.key)).kind

    @property
    def severity(self) -> Severity:
        """The highest any source ever said: an incident is never talked down."""
        return SEVERITIES[min(_rank(each.severity) for each in self.ever)]

    @property
    def stale(self) -> bool:
        """Open, but nobody knows any more whether it still holds."""
        holding = self.holding
        return self.state == "open" and bool(holding) and all(each.state == "unknown" for each in holding)

    @property
    def raised_at(self) -> datetime:
        """The earliest moment at which a source said active."""
        return min(_begun(each) for each in self.ever)

    @property
    def updated_at(self) -> datetime:
        """The newest moment anything is known of."""
        latest = max(each.at for each in self.sources)
        return latest if self.touched_at is None else max(latest, self.touched_at)

    @property
    def due_at(self) -> datetime | None:
        """When time alone changes it next, if nothing is heard until then (UTC); None where it cannot."""
        if self.state != "open":
            return None
        if self.flapping and not self.holding:
            return self.quiet_since + flap.CALM
        heard = [each.renewed_at for each in self.sources if each.state == "active" and not each.derived]
        return min(heard) + STALE_AFTER if heard else None

    @property
    def cleared_value(self) -> float | None:
        """What the source that let go last said then, None while open and where there is no value."""
        return None if self.state == "open" else max(self.ever, key=lambda each: (each.at, each.key)).said

    @property
    def certainty(self) -> float:
        """The surest source that holds."""
        return max(each.certainty for each in (self.holding or self.ever))

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device that ever said so."""
        return tuple(sorted({each.device for each in self.ever}))

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that ever said so."""
        return tuple(sorted({each.rule for each in self.ever}))

    @property
    def count(self) -> int:
        """How many sources ever said so."""
        return len(self.ever)

    @property
    def face(self) -> tuple[object, ...]:
        """What a reader would notice when it changes."""
        return self.state, self.stale, self.severity, self.devices, self.rules, self.kind, self.members


@dataclass(frozen=True, slots=True)
class Fold:
    """The incident after a signal (None if there is none), and what that was."""

    incident: Incident | None
    change: Change


def fold(incident: Incident | None, signal: Signal, *, now: datetime, new_id: str) -> Fold:
    """One signal folded into the open incident of its (place, condition), or into none.

    `new_id` is used only when the signal raises. `now` is when the signal was heard.
    """
    if incident is None:
        if signal.state != "active":
            return Fold(None, "none")
        source = Source.of(signal, now)
        return Fold(Incident(new_id, signal.condition, signal.place, (source,)), "raised")
    place = next(
        (
            number
            for number, each in enumerate(incident.sources)
            if each.rule == signal.rule and each.device == signal.device
        ),
        None,
    )
    if place is None:
        sources = sorted((*incident.sources, Source.of(signal, now)), key=lambda each: each.key)
        return settle(incident, replace(incident, sources=tuple(sources)))
    before = incident.sources[place]
    source = before.heard(signal, now)
    after = replace(incident, sources=(*incident.sources[:place], source, *incident.sources[place + 1 :]))
    if source.same_face(before):
        return Fold(after, "none" if source == before else "renewed")
    return settle(incident, after)


def antedate(incident: Incident, signal: Signal) -> Incident:
    """The source of a late active signal began earlier than thought; nothing else changes."""
    sources = tuple(
        replace(each, first_at=signal.at)
        if each.key == (signal.rule, signal.device)
        and each.first_at is not None
        and signal.at < each.first_at
        else each
        for each in incident.sources
    )
    return incident if sources == incident.sources else replace(incident, sources=sources)


def age(incident: Incident, now: datetime) -> Fold:
    """The sources not heard of for STALE_AFTER become unknown; what flapped and is calm is over."""
    if incident.flapping and not incident.holding and flap.calm(incident.quiet_since, now):
        return _cleared(incident)
    sources = tuple(
        replace(each, state="unknown")
        if each.state == "active" and not each.derived and now - each.renewed_at > STALE_AFTER
        else each
        for each in incident.sources
    )
    if sources == incident.sources:
        return Fold(incident, "none")
    aged = replace(incident, sources=sources)
    if aged.stale and not incident.stale:
        aged = replace(aged, touched_at=now)
    return settle(incident, aged)


def release(incident: Incident, gone: frozenset[tuple[str, str]], now: datetime) -> Fold:
    """The sources whose rule or device is no longer there let go."""
    sources = tuple(
        replace(each, state="inactive", at=max(each.at, now)) if each.key in gone and each.holds else each
        for each in incident.sources
    )
    return settle(incident, replace(incident, sources=sources))


def settle(before: Incident, after: Incident) -> Fold:
    """What became of it: cleared when nothing holds it any more, unless it flaps: then time decides."""
    if not after.holding and not after.flapping:
        return _cleared(after)
    if after.face != before.face:
        return Fold(after, "updated")
    return Fold(after, "none" if after == before else "renewed")


def _cleared(incident: Incident) -> Fold:
    return Fold(replace(incident, state="cleared", cleared_at=incident.quiet_since), "cleared")


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)


def _begun(source: Source) -> datetime:
    if source.first_at is None:
        msg = "a source that never said active does not count"
        raise ValueError(msg)
    return source.first_at
