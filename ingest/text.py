"""Text: one sentence in Chinese and in English; both are always there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Text:
    """`zh` is shown first; a missing language repeats the other."""

    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """`{"zh": …, "en": …}`, as it is sent and stored."""
        return {"zh": self.zh, "en": self.en}


class Later(Text):
    """A Text that is put together when somebody reads it: most of what rules could say is never told."""

    __slots__ = ("_made", "_make")
    _make: Callable[[], Text]
    _made: Text | None

    def __init__(self, make: Callable[[], Text]) -> None:
        object.__setattr__(self, "_make", make)  # what it is derived from is frozen
        object.__setattr__(self, "_made", None)

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return self._text().zh

    @property
    def en(self) -> str:
        """The sentence in English."""
        return self._text().en

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.zh, self.en) == (other.zh, other.en)

    def __hash__(self) -> int:
        return hash((self.zh, self.en))

    def _text(self) -> Text:
        if self._made is None:
            object.__setattr__(self, "_made", self._make())
        return cast("Text", self._made)
