"""Correlate: several incidents of one place become one of higher certainty that absorbs them; pure.

The kinds are the files of the shelf alerts/together: each exports `decide(rule, incidents)`, which looks at what
is open now and at nothing else; so the order in which the incidents came does not matter. What it answers is
kept as sources of the incident it makes, beside whatever plain rules say about the same condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import ModuleType
from typing import Literal

from alerts.incident import TOGETHER, Fold, Incident, Source, release, settle
from detectors.signal import Severity, SignalState
from ingest import shelf
from ingest.text import Text

SHELF = "alerts.together"

Scope = Literal["site", "zone", "area"]


@dataclass(frozen=True, slots=True)
class TogetherRule:
    """What means one thing when it happens together.

    Attributes:
        id: Registry id; the `rule` of the incident's sources.
        condition: Of the incident it makes.
        lines: Any of them is enough; each needs all of its conditions.
        within: How far apart they may have begun.
        place: Where they must meet: a site (any zone), one zone, or an area (any site of it).
        severity: The least of the incident; a member that is worse makes it worse.
        kind: File on the shelf.
    """

    id: str
    condition: str
    lines: tuple[tuple[str, ...], ...]
    within: timedelta = timedelta(minutes=3)
    place: Scope = "site"
    severity: Severity = "major"
    kind: str = "conditions"

    @property
    def words(self) -> frozenset[str]:
        """Every condition it looks at."""
        return frozenset(word for line in self.lines for word in line)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The lines that hold, as one.

    Attributes:
        members: Ids of the incidents that make them up, sorted.
        devices: Of these.
        severity: The worst of the rule's and theirs.
        certainty: 0..1.
        known: False when a condition of every line is stale.
        since: When the first line was complete (UTC).
        explanation: What they say.
    """

    members: tuple[str, ...]
    devices: tuple[str, ...]
    severity: Severity
    certainty: float
    known: bool
    since: datetime
    explanation: Text


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, ModuleType]:
    """Every kind with its file; one without `decide` stops start-up."""
    found = shelf.modules(SHELF)
    for kind, module in found.items():
        if not callable(getattr(module, "decide", None)):
            raise ImportError(f"alerts/together: {kind} exports no `decide`")  # noqa: TRY004 - the file is wrong
    return found


def decide(rule: TogetherRule, found: Sequence[Incident]) -> Verdict | None:
    """What the open incidents of one place mean by this rule, None when nothing."""
    verdict: Verdict | None = kinds()[rule.kind].decide(rule, found)
    return verdict


def restate(
    before: Incident | None,
    rule: TogetherRule,
    verdict: Verdict | None,
    *,
    place: str,
    now: datetime,
    new_id: str,
) -> Fold:
    """The incident of the rule's condition after a verdict; the same verdict again changes nothing."""
    if verdict is None:
        if before is None:
            return Fold(None, "none")
        return release(before, frozenset(each.key for each in before.sources if each.rule == rule.id), now)
    known = {} if before is None else {each.key: each for each in before.sources}
    sources = dict(known)
    for key, source in known.items():
        if source.rule == rule.id and source.device not in verdict.devices and source.holds:
            sources[key] = replace(source, state="inactive", at=now, renewed_at=now, n=source.n + 1)
    for device in verdict.devices:
        key = (rule.id, device)
        sources[key] = _source(known.get(key), rule, verdict, device, now)
    ordered = tuple(sources[key] for key in sorted(sources))
    if before is None:
        return Fold(Incident(new_id, rule.condition, place, ordered, members=verdict.members), "raised")
    members = tuple(sorted({*before.members, *verdict.members}))
    return settle(before, replace(before, sources=ordered, members=members))


def _source(
    before: Source | None, rule: TogetherRule, verdict: Verdict, device: str, now: datetime
) -> Source:
    state: SignalState = "active" if verdict.known else "unknown"
    n = 0 if before is None else before.n
    made = Source(
        rule=rule.id,
        device=device,
        kind=TOGETHER,
        epoch=0,
        n=n,
        state=state,
        at=now if before is None else before.at,
        renewed_at=now if before is None else before.renewed_at,
        first_at=min(verdict.since, (before and before.first_at) or verdict.since),
        active_epoch=0,
        active_n=n,
        severity=verdict.severity,
        value=None,
        limit=None,
        certainty=verdict.certainty,
        explanation=verdict.explanation,
    )
    if before is None or made == before:
        return made
    at = before.at if state == before.state else now
    return replace(made, n=n + 1, active_n=n + 1, at=at, renewed_at=now)
