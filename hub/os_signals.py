"""OS signals (SIGTERM and the like), handled on a thread of their own.

A Python signal handler runs in the middle of whatever the main thread does, also while it holds a lock: setting
an Event there may wait for ever. A thread that takes the signals one by one has no such trouble.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping


def on_signals(acts: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """From now on call the act of each signal, on one daemon thread.

    To be called by the main thread before it starts others: the signals are blocked in all of them. Programs
    started afterwards inherit the block; end them with SIGKILL or by their own means.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, acts)

    def take() -> None:
        while True:
            acts[signal.Signals(signal.sigwait(acts))]()

    threading.Thread(target=take, name="signals", daemon=True).start()
