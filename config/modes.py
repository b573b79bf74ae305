"""Modes: those that are shipped and the county's own, as the registry writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from config.nouns.mode import Mode
from config.tree import read_tree
from ingest.errors import InvalidInput

FILE = Path(__file__).parent / "modes.yaml"


@cache
def shipped_modes() -> Mapping[str, Mode]:
    """Those of modes.yaml, by id."""
    root, wrongs = read_tree(FILE.read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{FILE.name}:{wrongs[0].line}")
    bodies = cast("Mapping[str, list[object]]", root.plain())["modes"]
    return {each.id: each for each in map(Mode.model_validate, bodies)}


def with_own_modes(own: Iterable[Mode]) -> Mapping[str, Mode]:
    """The shipped modes and a county's own; an own one of the same id wins."""
    return {**shipped_modes(), **{each.id: each for each in own}}
