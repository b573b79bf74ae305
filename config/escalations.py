"""Escalations: the chains that are shipped and the county's own, as the alert core follows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from alerts.escalation import Chain, Step
from alerts.route import Match
from config.nouns.escalation import Escalation
from config.tree import read_tree
from ingest.errors import InvalidInput

FILE = Path(__file__).parent / "escalations.yaml"


@cache
def shipped_escalations() -> Mapping[str, Escalation]:
    """Those of escalations.yaml, by id."""
    root, wrongs = read_tree(FILE.read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{FILE.name}:{wrongs[0].line}")
    bodies = cast("Mapping[str, list[object]]", root.plain())["escalations"]
    return {each.id: each for each in map(Escalation.model_validate, bodies)}


def with_own_escalations(own: Iterable[Escalation], *, shipped: bool = True) -> tuple[Chain, ...]:
    """The county's own chains by id, then the shipped ones that none of them replaces.

    `shipped` is False where the registry has no roster: the shipped chains would reach nobody.
    """
    mine = sorted(own, key=lambda each: each.id)
    taken = {each.id for each in mine}
    rest = [each for key, each in shipped_escalations().items() if shipped and key not in taken]
    return tuple(
        Chain(
            id=each.id,
            match=Match(**each.match.model_dump()),
            steps=tuple(Step(step.after, step.to, step.channels) for step in each.steps),
            during=each.during,
        )
        for each in (*mine, *rest)
    )
