"""Wait: until something becomes true, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], *, within: float, what: str) -> None:
    """Return as soon as `true()`; AssertionError naming `what` after `within` seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {within:g} s: {what}")
