"""Turns: for how long a thread may go on while another waits for the interpreter.

A signal is handed from the broker's thread to the ledger's writer to the sender of its webhook: with Python's 5 ms each
of them may wait so long for whoever draws up a page meanwhile. Shorter turns cost next to nothing, and the slowest of
a hundred signals is told a fifth sooner (measured with `python -m bench router`).
"""

from __future__ import annotations

import sys

TURN = 0.0005
"""Seconds (Python: 0.005)."""


def shorten() -> None:
    """Of this process, from now on."""
    sys.setswitchinterval(TURN)
