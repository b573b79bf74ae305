"""Wait: until something becomes true, with an end."""

from __future__ import annotations

import asyncio
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


async def until(true: Callable[[], bool], what: str = "it becomes true", *, within: float = 30.0) -> None:
    """The same beside other tasks of the loop; what is asked has no event to wait for."""
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        await asyncio.sleep(0.02)
