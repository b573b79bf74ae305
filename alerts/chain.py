"""Chain: a history in which every entry seals the one before; nobody can change one entry unseen.

`hash = sha256(JCS(entry without hash) + previous hash)` (RFC 8785); the first previous hash is 64 zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import rfc8785

START = "0" * 64


def seal(entry: Mapping[str, object], previous: str) -> str:
    """The hash of `entry` (its own `hash` is left out), 64 hexadecimal digits."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    canonical = rfc8785.dumps(body)  # type: ignore[arg-type]  # its recursive union is invariant
    return hashlib.sha256(canonical + previous.encode()).hexdigest()


def broken_at(entries: Sequence[Mapping[str, object]]) -> int | None:
    """The index of the first entry whose hash does not fit, None when the chain holds."""
    previous = START
    for at, entry in enumerate(entries):
        if entry.get("hash") != seal(entry, previous):
            return at
        previous = str(entry["hash"])
    return None
