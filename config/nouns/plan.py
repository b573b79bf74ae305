"""Plan: what to do about a condition, in at most five steps."""

from __future__ import annotations

from pydantic import Field

from alerts.plan import MOST_STEPS
from config.fields import Id, Name
from config.nouns.item import Item
from detectors.signal import Severity


class Plan(Item):
    """A response plan that is shown beside an incident; `config/plans.yaml` explains each key."""

    id: Id
    name: Name
    conditions: tuple[Id, ...] = ()
    severities: tuple[Severity, ...] = ()
    steps: tuple[Name, ...] = Field(min_length=1, max_length=MOST_STEPS)
    source: str = Field(default="", max_length=500)
