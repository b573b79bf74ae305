"""Text: one sentence in Chinese and in English; both are always there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """`zh` is shown first; a missing language repeats the other."""

    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """`{"zh": …, "en": …}`, as it is sent and stored."""
        return {"zh": self.zh, "en": self.en}
