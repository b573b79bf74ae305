"""Turns: for how long a thread may go on while another waits for the interpreter, and whose work can wait at all.

A signal is handed from the broker's thread to the ledger's writer to the sender of its webhook, a picture from the
thread that decodes it to the one that looks at it: with Python's 5 ms each of them may wait so long for whoever draws
up a page or a status meanwhile. Shorter turns cost next to nothing. The slowest of a hundred signals is told a fifth
sooner (measured with `python -m bench router`).

What gives way is a process of its own (hub/finder.py, hub/recoder.py): a thread that is given no time may hold what the
others of its process wait for.
"""

from __future__ import annotations

import os
import sys

TURN = 0.0005
"""Seconds (Python: 0.005)."""
NICE = 10
"""About a tenth of what a camera worker's threads are given when there is not enough for all."""


def shorten() -> None:
    """Of this process, from now on."""
    sys.setswitchinterval(TURN)


def give_way() -> None:
    """The calling process's work can wait: cameras come first. To be called before it starts threads."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
