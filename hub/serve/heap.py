"""Heap: what a process has loaded for good is left alone by Python's collector of cycles.

Every few hundred new objects the collector walks what is young, and now and then everything, which after start-up is
hundreds of thousands of objects that stay until the end. Signals, rows and frames come and go without cycles: under
load a quarter of the processor went into walking what cannot be freed.
"""

from __future__ import annotations

import gc

YOUNG = 20_000
"""New objects before the youngest are walked (Python: 700)."""
ROUNDS = 20
"""Walks of one age before the next older is walked too (Python: 10)."""


def settle() -> None:
    """Call it once, when everything is loaded and nothing has begun."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, ROUNDS, ROUNDS)
