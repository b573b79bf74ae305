"""Kept: a JSON-like table that still carries what it was made of, so that it need not be read again while in memory.

A rule's state is JSON-like because it may be stored; a camera's rules look at theirs several times a second, and to
read dates and boxes back each time was most of what these rules cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(dict[str, object], Generic[T]):
    """The table of one value, which is `made_of`; it is not to be changed."""

    __slots__ = ("made_of",)

    def __init__(self, made_of: T, table: Mapping[str, object]) -> None:
        super().__init__(table)
        self.made_of = made_of


def read(kept: Mapping[str, object], kind: type[T], reader: Callable[[Mapping[str, object]], T]) -> T:
    """The value of a table: what it was made of, or read from its JSON."""
    if isinstance(kept, Kept) and isinstance(kept.made_of, kind):
        return kept.made_of
    return reader(kept)
