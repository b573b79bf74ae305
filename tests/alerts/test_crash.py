"""kill -9 in the middle of writing: what was acknowledged is there, and the ledger is sound."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from alerts.ledger import counters, events, signals
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from tests.alerts.county import NOW, do, look

SOURCES = (signals.Key("fridge-warm", "school", "fridge"), signals.Key("fridge-warm", "cross", "cross-cam"))


@pytest.mark.slow
def test_killed_three_times_nothing_acknowledged_is_lost(database_url: str) -> None:
    """The process is killed without warning three times; each time the next one goes on where it was."""
    last_n = last_head = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.alerts.writes_until_killed", database_url, str(last_n + 1)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline()  # it has begun to commit
        time.sleep(random.uniform(0.2, 0.8))
        process.kill()
        said = process.stdout.read().splitlines()
        process.wait(10)
        process.stdout.close()
        whole = [line.split() for line in said if len(line.split()) == 2][:-1]
        last_n = max([last_n, *(int(n) for n, _ in whole)])
        last_head = max([last_head, *(int(head) for _, head in whole)])

        ledger = Ledger.open(database_url, clock=lambda: NOW)
        try:
            assert look(ledger, violations) == []
            assert look(ledger, events.head) >= last_head
            newest = max(mark.n for mark in look(ledger, lambda conn: signals.load(conn, SOURCES)).values())
            assert newest >= last_n
            # what was committed but not said any more counts, too: go on after it
            last_n = newest
            assert do(ledger, lambda conn: counters.value(conn, counters.EVENTS)) >= last_head
        finally:
            ledger.close()
    assert last_n > 60
