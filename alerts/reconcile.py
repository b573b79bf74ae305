"""Reconcile (对账): one day's cases as the hub and the platform have them, and where the two differ; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["missing-here", "missing-there", "state-differs", "number-differs", "version-differs"]


@dataclass(frozen=True, slots=True)
class Line:
    """One case as it is compared.

    Attributes:
        number: The hub's number, as the platform got it by event or list.
        external_id: The platform's id, empty where there is none.
        state: In the hub's words.
        version: The hub's version of the case; None when the platform does not keep it.
    """

    number: str
    external_id: str
    state: str
    version: int | None

    def as_dict(self) -> dict[str, object]:
        """`{number, external_id, state, version}`."""
        return {
            "number": self.number,
            "external_id": self.external_id or None,
            "state": self.state,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two differ; `ours` or `theirs` is None where one has no such case."""

    kind: Kind
    ours: Line | None
    theirs: Line | None

    @property
    def number(self) -> str:
        """What it is known by: our number, or what they call it."""
        return self.ours.number if self.ours else self.theirs.number if self.theirs else ""


def digest(lines: Iterable[Line]) -> str:
    """sha256 over a line `number,external_id,state,version` with a line feed each, in the order of the numbers."""
    ordered = sorted(lines, key=lambda each: (each.number, each.external_id))
    text = "".join(
        f"{each.number},{each.external_id},{each.state},{'' if each.version is None else each.version}\n"
        for each in ordered
    )
    return hashlib.sha256(text.encode()).hexdigest()


def compare(ours: Sequence[Line], theirs: Sequence[Line]) -> tuple[Difference, ...]:
    """Every difference, in the order of the numbers; two lines are of one case by number, else by external id."""
    by_number = {each.number: each for each in ours}
    by_external = {each.external_id: each for each in ours if each.external_id}
    found: list[Difference] = []
    met: set[str] = set()
    for line in theirs:
        own = by_number.get(line.number)
        if own is None and line.external_id:
            own = by_external.get(line.external_id)
            if own is not None:
                found.append(Difference("number-differs", own, line))
                met.add(own.number)
                continue
        if own is None:
            found.append(Difference("missing-here", None, line))
            continue
        met.add(own.number)
        if own.external_id and line.external_id and own.external_id != line.external_id:
            found.append(Difference("number-differs", own, line))
        elif own.state != line.state:
            found.append(Difference("state-differs", own, line))
        elif line.version is not None and line.version != own.version:
            found.append(Difference("version-differs", own, line))
    found += [Difference("missing-there", each, None) for each in ours if each.number not in met]
    return tuple(sorted(found, key=lambda each: (each.number, each.kind)))


def counts_differ(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, list[int]]:
    """State to [ours, theirs], for the states whose counts differ."""
    return {
        state: [ours.get(state, 0), theirs.get(state, 0)]
        for state in sorted({*ours, *theirs})
        if ours.get(state, 0) != theirs.get(state, 0)
    }
