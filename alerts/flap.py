"""Flap: a condition that comes and goes is one incident that says so; pure.

A level just at its limit, a door that does not shut, a loose plug: each return would be an incident of its own, and
after the tenth nobody looks any more. A condition that comes back for the third time within ten minutes is therefore
kept open until it has been calm for as long. Nothing is ever raised later for it: what flaps is raised at once, life
safety as everything else, and only its end waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ingest.text import Text

RETURNS = 3
"""Returns within WITHIN that make it flapping. Once is a second occurrence and twice a coincidence: both are news."""

WITHIN = timedelta(minutes=10)
"""Twice the usual interval between two messages about one group (5 min): what flaps faster is told again there."""

CALM = WITHIN
"""How long it must be calm before its incident ends: after that the same returns would no longer be called flapping."""


def flaps(over: Sequence[datetime], at: datetime) -> bool:
    """Whether a condition that comes back at `at` flaps; `over`: when its earlier incidents ended."""
    return sum(at - WITHIN <= each <= at for each in over) >= RETURNS


def calm(since: datetime, now: datetime) -> bool:
    """Whether what flapped has been calm long enough to be over."""
    return now - since >= CALM


def said(explanation: Text) -> Text:
    """The explanation of an incident that flaps."""
    minutes = WITHIN // timedelta(minutes=1)
    return Text(
        f"{explanation.zh}（时断时续：{minutes} 分钟内反复 {RETURNS} 次以上，平稳 {minutes} 分钟后解除）",
        f"{explanation.en} (flapping: it came back {RETURNS} times or more within {minutes} minutes; "
        f"over after {minutes} calm minutes)",
    )
