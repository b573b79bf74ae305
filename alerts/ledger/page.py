"""Page: one piece of a list, and the cursor that leads to the next."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field

from ingest.errors import InvalidInput

MOST = 1000
"""Rows of one page at most."""

USUAL = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Items ready to be sent; `next` is None on the last page."""

    items: list[dict[str, object]] = field(default_factory=list)
    next: str | None = None

    def as_dict(self) -> dict[str, object]:
        """`{"items", "next"}`, as every list answers."""
        return {"items": self.items, "next": self.next}


def limit_of(limit: int) -> int:
    """`limit` if it is from 1 to MOST; raises InvalidInput otherwise."""
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"limit {limit} is not between 1 and {MOST}", where="limit")
    return limit


def encode(*key: str | int) -> str:
    """The cursor after a row with this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(cursor: str, *shape: type[str | int]) -> list[str | int]:
    """The key in a cursor, checked against `shape`; raises InvalidInput for what encode() did not write."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as wrong:
        raise InvalidInput(
            "the cursor cannot be read", where="cursor", mend="use `next` as it came"
        ) from wrong
    if (
        not isinstance(key, list)
        or len(key) != len(shape)
        or any(type(each) is not kind for each, kind in zip(key, shape, strict=True))
    ):
        raise InvalidInput("the cursor is of another list", where="cursor", mend="use `next` as it came")
    return key
