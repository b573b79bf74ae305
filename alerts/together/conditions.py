"""Several conditions open at one place, raised within a time: smoke and gas are a fire; pure.

A line holds when each of its conditions is open and all of them began within `within` of each other. Which of
them was heard of first does not matter. Sources are taken as independent witnesses, so the certainty of the
whole is 1 - (1-a)(1-b)…, one factor for each condition, the surest incident speaking for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import prod

from alerts.case import worst
from alerts.correlate import TogetherRule, Verdict
from alerts.incident import Incident, Source
from ingest.text import Text


def decide(rule: TogetherRule, found: Sequence[Incident]) -> Verdict | None:
    """What the open incidents of the place mean together, None when no line holds."""
    facing = [each for each in found if each.state == "open" and _plain(each)]
    members: dict[str, Incident] = {}
    complete: list[datetime] = []
    known = False
    for line in rule.lines:
        words = set(line)
        for first in facing:
            window = [
                each
                for each in facing
                if each.condition in words and _since(first) <= _since(each) <= _since(first) + rule.within
            ]
            if first.condition not in words or {each.condition for each in window} != words:
                continue
            members |= {each.id: each for each in window}
            complete.append(
                max(min(_since(each) for each in window if each.condition == word) for word in words)
            )
            known = known or words == {each.condition for each in window if not each.stale}
    if not members:
        return None
    ordered = sorted(members.values(), key=lambda each: (each.condition, each.place, each.id))
    severity = rule.severity
    surest: dict[str, float] = {}
    for each in ordered:
        severity = worst(severity, each.severity)
        surest[each.condition] = max(surest.get(each.condition, 0.0), *(s.certainty for s in _plain(each)))
    said = [each.lead.explanation for each in ordered]
    return Verdict(
        members=tuple(sorted(members)),
        devices=tuple(sorted({source.device for each in ordered for source in _plain(each)})),
        severity=severity,
        certainty=round(1 - prod(1 - surest[word] for word in sorted(surest)), 6),
        known=known,
        since=min(complete),
        explanation=Text(
            "同时出现:" + ";".join(each.zh for each in said),
            "together: " + "; ".join(each.en for each in said),
        ),
    )


def _plain(incident: Incident) -> list[Source]:
    """What holds it beside together rules: these never build on each other, so none keeps itself open."""
    return [each for each in incident.holding if not each.derived]


def _since(incident: Incident) -> datetime:
    return min(each.first_at for each in incident.ever if each.first_at is not None and not each.derived)
