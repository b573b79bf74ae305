"""kill -9 at random moments under load; `python -m bench.chaos` does the same fifty times."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.chaos.run import Variant, run

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]


@pytest.mark.parametrize(("variant", "kills"), [("hub", 2), ("all", 1)])
def test_whatever_moment_it_is_killed(tmp_path: Path, variant: Variant, kills: int) -> None:
    """Nothing acknowledged is lost, nothing is doubled, whoever listens is told of everything once, in order."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown when it fails
    report = run(tmp_path, variant, kills, random.Random(seed))
    print(report)
    assert report.wrong == []
    assert report.kills == kills
    assert report.events > 0 < report.acknowledged
