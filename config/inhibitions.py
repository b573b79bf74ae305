"""Inhibitions: those that are shipped and the county's own, as the alert core asks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from alerts import inhibit as core
from alerts.route import Match
from config.nouns.inhibition import Inhibition
from config.tree import read_tree
from ingest.errors import InvalidInput

FILE = Path(__file__).parent / "inhibitions.yaml"


@cache
def shipped_inhibitions() -> Mapping[str, Inhibition]:
    """Those of inhibitions.yaml, by id."""
    root, wrongs = read_tree(FILE.read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{FILE.name}:{wrongs[0].line}")
    bodies = cast("Mapping[str, list[object]]", root.plain())["inhibitions"]
    return {each.id: each for each in map(Inhibition.model_validate, bodies)}


def with_own_inhibitions(own: Iterable[Inhibition]) -> tuple[core.Inhibition, ...]:
    """The shipped ones and a county's own; an own one of the same id wins, and may switch it off."""
    chosen = {**shipped_inhibitions(), **{each.id: each for each in own}}
    return tuple(
        core.Inhibition(
            each.id, Match(**each.source.model_dump()), Match(**each.target.model_dump()), each.equal
        )
        for each in chosen.values()
        if each.enabled
    )
