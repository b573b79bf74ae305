"""kill -9 of the whole tree, and a second start on the same data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.running import JSON, ROOT, demo, until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]


def seqs(events: list[JSON]) -> list[int]:
    """Their numbers."""
    return [cast("int", each["seq"]) for each in events]


def test_nothing_lost_nothing_doubled(tmp_path: Path) -> None:
    """The log goes on without gap or double; open incidents keep raised_at; no second case is opened."""
    data = tmp_path / "data"
    with demo(data) as running:
        until(
            lambda: True if len(running.items("/cases")) >= 2 else None,
            seconds=75,
            what="two cases",
        )
        before = running.items("/incidents?state=open")
        cases = running.items("/cases")
        head = running.get("/events?after=0&limit=1000").json()
        running.kill_tree()
        leftovers = running.pids("hub")
        assert not leftovers, "a killed hub leaves no process behind"

    with demo(data) as again:
        log = again.items("/events?after=0&limit=1000")
        numbers = seqs(log)
        assert numbers == sorted(set(numbers)), "in order, no double"
        assert log[: len(head["items"])] == head["items"], "what was said stays said"
        for incident in before:
            now = cast("JSON", again.get(f"/incidents/{incident['id']}").json())
            assert now["raised_at"] == incident["raised_at"]
        new = again.events(numbers[-1], seconds=30, enough=lambda got: len(got) >= 5)
        assert seqs(new) == sorted(set(seqs(new)))
        assert not new or seqs(new)[0] > numbers[-1]
        known = {(str(each["place"]), str(each["condition"])) for each in before if each["case"]}
        for event in [each for each in log[len(head["items"]) :] + new if each["type"] == "case.opened"]:
            case = cast("JSON", event["data"])
            ids = cast("list[str]", case["incidents"])
            incident = cast("JSON", again.get(f"/incidents/{ids[0]}").json())
            assert (str(incident["place"]), str(incident["condition"])) not in known, "no second case"
        assert len({str(each["number"]) for each in again.items("/cases")}) >= len(cases)
    verified = subprocess.run(
        [sys.executable, "-m", "hub", "audit", "verify", "--data", str(data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert verified.returncode == 0, (
        f"the checker finds a gap, a double or a loss:\n{verified.stdout}{verified.stderr}"
    )
