"""What retention deletes is noted with the deletion, and what it would delete is said before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import insert

from alerts.ledger import purges, raises, reading_expiry, readings, rule_states
from alerts.ledger.engine import Connection
from alerts.ledger.purges import Purged
from alerts.ledger.reading_spans import SINGLE
from alerts.ledger.tables import entries
from detectors.damping import Thing
from detectors.raised import Raised
from hub.__main__ import main
from hub.serve.downsampling import Downsampling
from hub.serve.purge_report import due, report
from hub.serve.retention import Limits
from ingest.reading import Reading
from tests.hub.kept import LIMITS, START, World

ROOMY = 10**12
"""Bytes that the disk has to give."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh one."""
    made = World(tmp_path)
    yield made
    made.ledger.close()


def expected(world: World, limits: Limits, room: int = ROOMY) -> list[Purged]:
    """What would go now."""
    with world.ledger.read() as conn:
        return due(conn, limits, room=room, now=world.clock.now)


def noted(world: World) -> list[Purged]:
    """What went, as far as it is noted."""
    with world.ledger.read() as conn:
        return purges.noted(conn, START - timedelta(days=1))


def figures(some: list[Purged]) -> list[tuple[object, ...]]:
    """What both say exactly: where a span of readings ends is the span's end when it is deleted."""
    return [(each.kind, each.number, each.since, each.size) for each in some]


def filled(world: World) -> None:
    """Some of what may go: readings, events, pictures and an original without a case, one of a live case."""
    new = [
        Reading("k1-t", "temperature", 4.0, "°C", START + timedelta(seconds=each), START, "good", "")
        for each in range(90)
    ]
    world.write(lambda conn: readings.add(conn, new))
    for size in (300, 100):
        world.picture("seen", size=size)
        world.say("seen", "inactive")
        world.clock.now += timedelta(hours=1)
    world.picture("seen", size=70, name="original.mp4")
    world.say("seen", "inactive")
    world.picture("stray", size=50)
    world.say("stray", "inactive")
    world.clock.now = START + timedelta(hours=5)
    Downsampling(world.ledger, clock=world.clock).once()


def test_what_is_due_is_what_goes(world: World) -> None:
    """The report before a run says what the run deletes, kind by kind; then nothing is due."""
    filled(world)
    assert expected(world, LIMITS) == []
    world.clock.now = START + timedelta(days=100)
    before = expected(world, LIMITS)
    assert [each.kind for each in before] == ["readings", "events", "evidence", "originals"]
    kinds = {each.kind: each for each in before}
    assert (kinds["readings"].number, kinds["evidence"].number, kinds["evidence"].size) == (90, 2, 400)
    assert (kinds["originals"].number, kinds["originals"].size) == (1, 70)
    assert kinds["evidence"].since < kinds["evidence"].until
    assert noted(world) == []
    world.job.once()
    assert figures(noted(world)) == figures(before)
    assert expected(world, LIMITS) == []


def test_what_goes_before_its_time(world: World) -> None:
    """Over the limit of bytes, or on a full disk, the oldest without a case is due, and no more than needed."""
    for hour in range(3):
        world.clock.now = START + timedelta(hours=hour)
        world.picture("seen", size=400)
        world.say("seen", "inactive")
    [one] = expected(world, LIMITS)
    assert (one.kind, one.number, one.size, one.since) == ("evidence", 1, 400, START)
    [two] = expected(world, LIMITS, room=-500)
    assert (two.number, two.size) == (2, 800)
    world.job.once()
    assert figures(noted(world)) == figures([one])


def test_readings_over_their_bytes_are_due(world: World) -> None:
    """As many as go, from the oldest on, whole minutes."""
    filled(world)
    with world.ledger.read() as conn:
        room = round(reading_expiry.row_bytes(conn, SINGLE) * 20)
    few = replace(LIMITS, reading_bytes={SINGLE: room})
    [old] = expected(world, few)
    assert (old.kind, old.number, old.since) == ("readings", 60, START), "the second minute stays whole"
    world.with_limits(few).once()
    assert figures(noted(world)) == figures([old])


def test_runs_add_up(world: World) -> None:
    """One row for a day and kind, however many runs; a report of later days leaves earlier ones out."""
    day = START.replace(hour=0)

    def act(conn: Connection) -> None:
        for minutes, size in ((0, 10), (10, None), (1500, 5)):
            at = START + timedelta(minutes=minutes)
            purges.note(conn, [Purged("photos", 2, at, at, size)], at)
        purges.note(conn, [Purged("events", 0, START, START)], START)

    world.write(act)
    with world.ledger.read() as conn:
        last = START + timedelta(minutes=1500)
        assert purges.noted(conn, day) == [Purged("photos", 6, START, last, 15)]
        assert purges.noted(conn, day + timedelta(days=1)) == [Purged("photos", 2, last, last, 5)]


def test_states_of_what_is_gone_go(world: World) -> None:
    """What a rule remembers of a device goes a month after it last changed, if either is no longer registered."""

    def act(conn: Connection) -> None:
        row = {"body": {}, "secrets": {}, "version": 1, "updated_at": START}
        conn.execute(insert(entries), [{"noun": "rule", "id": "warm", **row}])
        conn.execute(insert(entries), [{"noun": "device", "id": "fridge", **row}])
        for key in ("warm/fridge/1a", "warm/gone/1a", "gone/fridge/1a"):
            rule_states.put(conn, key, {"since": 1}, START)
        rule_states.put(conn, "gone/fridge/2b", {"since": 2}, START + timedelta(days=2))

    world.write(act)
    world.clock.now = START + timedelta(days=29)
    assert world.job.once().states == 0
    world.clock.now = START + timedelta(days=31)
    [states] = [each for each in expected(world, LIMITS) if each.kind == "rule-states"]
    assert states.number == 2
    assert world.job.once().states == 2
    with world.ledger.read() as conn:
        assert set(rule_states.load_all(conn)) == {"warm/fridge/1a", "gone/fridge/2b"}


def test_what_decided_a_raise_goes_after_ninety_days(world: World) -> None:
    """Where something stood in a picture is kept for as long as a damping may be tried on it."""
    incident = world.picture("seen", size=10)
    thing = Thing("person", (0.4, 0.3, 0.5, 0.7))
    decided = Raised(incident, "seen", "k1-cam", "minor", START, 16 / 9, (thing,))
    world.write(lambda conn: raises.keep(conn, decided))
    world.clock.now = START + timedelta(days=90)
    world.job.once()
    with world.ledger.read() as conn:
        assert raises.of_incident(conn, incident) == decided
    world.clock.now = START + timedelta(days=90, seconds=1)
    [old] = [each for each in expected(world, LIMITS) if each.kind == "raises"]
    world.job.once()
    assert figures([old]) == figures([each for each in noted(world) if each.kind == "raises"])
    with world.ledger.read() as conn:
        assert raises.of_incident(conn, incident) is None


def test_the_report_names_every_kind(world: World) -> None:
    """How long each is kept, what went, what is due; nothing is null where there was something."""
    filled(world)
    world.clock.now = START + timedelta(days=100)
    world.job.once()
    with world.ledger.read() as conn:
        said = report(conn, LIMITS, room=ROOMY, since=START, now=world.clock.now)
    kinds = {str(each["kind"]): each for each in said}
    assert set(kinds) == set(purges.KINDS)
    assert kinds["evidence"]["kept"] == "7d"
    deleted = cast("dict[str, object]", kinds["evidence"]["deleted"])
    assert (deleted["number"], deleted["bytes"], deleted["since"]) == (2, 400, "2026-11-22T08:00:00.000Z")
    assert kinds["photos"]["deleted"] is kinds["photos"]["due"] is None


def test_the_command(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--report` changes nothing and works beside a hub; without it the command deletes, while no hub runs."""
    monkeypatch.chdir(tmp_path)
    filled(world)
    world.clock.now = START + timedelta(days=100)
    world.job.once()
    where = ("--data", str(tmp_path), "--since", "2020-01-01T00:00:00Z")
    assert main(["purge", "--report", "--json", *where]) == 0
    said = json.loads(capsys.readouterr().out)
    [found] = [each for each in said["kinds"] if each["kind"] == "originals"]
    assert found["deleted"]["bytes"] == 70
    assert main(["purge", "--report", *where]) == 0
    assert "evidence       kept 7d; deleted 2 (400 B) of 2026-11-22 to 2026-11-22" in capsys.readouterr().out
    world.ledger.close()
    assert main(["purge", *where]) == 0
    assert main(["purge", "--report", "--data", str(tmp_path / "nowhere")]) == 2
    assert "there is no ledger" in capsys.readouterr().err
