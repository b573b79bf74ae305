"""Cores: how many of this machine's this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """At least 1; a container's CPU set counts, its share of time does not."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on macOS
        return max(1, os.cpu_count() or 1)
