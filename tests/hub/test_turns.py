"""Turns: who gives way to whom on one machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hub.turns import NICE, shorten

PROGRAM = """
import os, threading
from hub.turns import give_way
give_way()
found = []
thread = threading.Thread(target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
thread.start()
thread.join(10)
print(os.getpriority(os.PRIO_PROCESS, 0), *found)
"""


def test_a_process_gives_way_with_its_threads() -> None:
    """Both are polite."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, cwd=root)
    assert done.stdout.split() == [str(NICE)] * 2


def test_turns_are_short() -> None:
    """Whoever waits for the interpreter waits half a millisecond at most."""
    before = sys.getswitchinterval()
    try:
        shorten()
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    finally:
        sys.setswitchinterval(before)
