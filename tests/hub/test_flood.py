"""Many publishers at once: every signal is in the ledger, once, whoever applied it. Correctness only, never speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.flood.run import Flood, run
from tests.servers.postgres import Postgres

FLOOD = Flood(rate=120, seconds=4, conditions=40, publishers=4)
"""Each source speaks twelve times: two of twenty flap, four come and go."""


@pytest.mark.slow
def test_on_sqlite(tmp_path: Path) -> None:
    """Nothing open twice, no case twice, no gap, no signal unaccounted for; what holds is open."""
    report = run(FLOOD, tmp_path)
    assert report.wrong == ()
    assert report.published == 480
    assert report.outcomes == {"applied": 480, "duplicate": 0, "late": 0, "refused": 0}
    assert report.flapping == 4
    assert report.cases == 40


@pytest.mark.slow
def test_with_two_routers_on_postgresql(tmp_path: Path) -> None:
    """The same with `serve` and two routers, which commit one source's signals in any order."""
    with Postgres() as server:
        report = run(
            Flood(rate=120, seconds=4, conditions=40, publishers=4, routers=2),
            tmp_path,
            server.new_database(),
        )
    assert report.wrong == ()
    assert report.published == 480
    assert report.outcomes["applied"] + report.outcomes["late"] == 480
    assert report.outcomes["refused"] == 0
    assert report.cases == 40
