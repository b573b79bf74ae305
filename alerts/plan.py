"""Plan: a response plan (处置预案): at most five steps that are shown beside an incident; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.text import Text

MOST_STEPS = 5
"""What somebody in a hurry still reads."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a condition.

    Attributes:
        id: Its word.
        name: In both languages.
        steps: One to MOST_STEPS, in their order.
        conditions: Words it is for; empty for every condition.
        severities: Empty for every severity.
        source: Where it comes from.
        own: Of the county, not shipped.
    """

    id: str
    name: Text
    steps: tuple[Text, ...]
    conditions: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    source: str = ""
    own: bool = False

    def as_dict(self) -> dict[str, object]:
        """As an incident shows it: `{id, name, steps: [{zh, en}], source}`."""
        return {
            "id": self.id,
            "name": self.name.as_dict(),
            "steps": [each.as_dict() for each in self.steps],
            "source": self.source,
        }


def plan_for(plans: Iterable[Plan], condition: str, severity: str) -> Plan | None:
    """The plan to show: one that names the condition before one for all, an own one before a shipped one.

    Of two that are still alike, the one that names the severity, then the one that comes first.
    """
    fitting = [
        each
        for each in plans
        if condition in (each.conditions or {condition}) and severity in (each.severities or {severity})
    ]
    ranked = sorted(fitting, key=lambda each: (not each.conditions, not each.own, not each.severities))
    return ranked[0] if ranked else None
