"""A small part of `python -m bench.fuzz`: nothing is stored wrong, nothing breaks, everything is counted."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.fuzz.account import Row, account
from bench.fuzz.payloads import Sent
from bench.fuzz.run import fuzz

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.slow
async def test_a_small_fuzz(tmp_path: Path) -> None:
    """2,000 messages of a new seed each time, which is printed."""
    seed = random.randrange(2**31)
    print("seed", seed)
    report = await fuzz(tmp_path, seed=seed, number=2_000)
    assert report.account.wrong == [], f"seed {seed}"
    assert report.account.stored.total() > 200
    assert report.metrics["errors"] == 0


def test_the_account_sees_what_is_wrong() -> None:
    """Each way of being stored wrong is told, and what is missing."""
    sent = Sent("good", "t", b"", 1.5, "d", NOW, ("good",))
    row = Row("d", "temperature", 1.5, "°C", NOW, NOW, "good")
    minute = timedelta(minutes=1)

    def wrong(*rows: Row) -> list[str]:
        return account([sent], rows, adopted="x", begun=NOW - minute, ended=NOW + minute).wrong

    assert wrong(row) == []
    for bad, said in (
        (replace(row, device="e"), "another device"),
        (replace(row, value=1.6), "nobody sent this"),
        (replace(row, at=NOW + minute), "not under its own time"),
        (replace(row, received_at=NOW + 2 * minute), "another arrival"),
        (replace(row, quality="uncertain"), "quality"),
        (replace(row, unit="K"), "another quantity"),
    ):
        assert any(said in each for each in wrong(bad)), said
    assert "not stored" in wrong()[0]
    assert "stored 2 times" in wrong(row, row)[0]
