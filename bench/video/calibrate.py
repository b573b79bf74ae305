"""Calibrate: the same work on all cores at once, before and after a run: was the machine the same?"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from bench.video.raw import inference_ms

ROUNDS = 3
STEADY = 0.1
"""Share by which the work may take longer or shorter afterwards."""


def calibrate(model: Path, cores: int, rounds: int = ROUNDS) -> float:
    """Milliseconds of wall time, median of some rounds of the same work on each of so many threads."""
    taken: list[float] = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(rounds):
            begun = time.perf_counter()
            list(pool.map(inference_ms, [model] * cores))
            taken.append(1000 * (time.perf_counter() - begun))
    return median(taken)
