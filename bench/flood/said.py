"""Said: what the publishers of a flood said, by their own account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.ledger.signals import Key
from bench.flood.publisher import PER_SITE


@dataclass(frozen=True, slots=True)
class Source:
    """What one source said: how many signals, its excursions as (first, last) in milliseconds, its last level."""

    n: int
    runs: Sequence[tuple[int, int]]
    last: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the publishers said.

    Attributes:
        published: How many signals the broker acknowledged.
        ended: When the last was said (seconds since 1970).
        seconds: From the first to the last.
        cpu: Seconds of CPU that saying it cost.
        sources: What each source said.
    """

    published: int
    ended: float
    seconds: float
    cpu: float
    sources: Mapping[int, Source]

    @staticmethod
    def of(printed: str) -> Said:
        """From what they printed."""
        found = json.loads(printed)
        sources = {
            int(key): Source(each["n"], [(first, last) for first, last in each["runs"]], each["last"])
            for key, each in found["sources"].items()
        }
        return Said(found["published"], found["ended"], found["seconds"], found["cpu"], sources)


def key_of(source: int) -> Key:
    """What the ledger knows a source by."""
    place = f"site-{source // PER_SITE}"
    return Key(f"flood-{source % PER_SITE}", place, place)
