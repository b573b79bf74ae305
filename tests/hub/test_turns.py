"""Turns: who gives way to whom on one machine."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from hub.turns import NICE, give_way, shorten


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_only_the_thread_that_gives_way_does() -> None:
    """The thread, and one that it starts, are polite; who started it is not."""
    found: list[int] = []

    def mine() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def child() -> None:
        found.append(mine())

    def polite() -> None:
        give_way()
        found.append(mine())
        inner = threading.Thread(target=child)
        inner.start()
        inner.join(10)

    before = mine()
    thread = threading.Thread(target=polite)
    thread.start()
    thread.join(10)
    assert found == [max(before, NICE)] * 2
    assert mine() == before


def test_turns_are_short() -> None:
    """Whoever waits for the interpreter waits half a millisecond at most."""
    before = sys.getswitchinterval()
    try:
        shorten()
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    finally:
        sys.setswitchinterval(before)
