"""Keeper: whoever looks after a site is told first, and has some time to mend it before its unit is told; pure.

Nobody waits for a keeper where lives are at stake or the matter is critical, nor at a site that has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from detectors.signal import Severity

URGENT: frozenset[Severity] = frozenset({"life", "critical"})
"""Never told to a keeper first."""

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who looks after a site, and the channels that reach them."""

    users: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody can be told."""
        return bool(self.users or self.channels)


def head_start(keeper_first: timedelta, severity: Severity, keepers: Keepers) -> timedelta:
    """How long the keeper has before anybody else is told."""
    return keeper_first if keepers and severity not in URGENT else NOTHING
