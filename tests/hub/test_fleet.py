"""Sharing cameras among workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from hub.serve.fleet import Fleet, share
from hub.serve.metrics import Gauges
from ingest.errors import InvalidInput

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def fleet(clock: Clock, *workers: str) -> Fleet:
    """A fleet with these workers and four cameras."""
    epochs = count(1)
    made = Fleet(workers=workers, broker="mqtt://b", next_epoch=lambda: next(epochs), clock=clock)
    made.plan({f"cam-{n}": {"device": f"cam-{n}"} for n in range(4)})
    return made


def status(worker: str, *cameras: dict[str, object]) -> dict[str, object]:
    """A worker's status message."""
    return {"worker": worker, "address": "http://127.0.0.1:1", "cameras": list(cameras), "models": []}


def test_shares_evenly_and_moves_nobody() -> None:
    """A new camera goes to the emptier worker; those that stay keep their worker."""
    first = share(["a", "b", "c"], ["w1", "w2"], {})
    assert sorted(first.values()) == ["w1", "w1", "w2"]
    second = share(["a", "c", "d", "e"], ["w1", "w2"], first)
    assert {each: second[each] for each in ("a", "c")} == {each: first[each] for each in ("a", "c")}
    assert sorted(second.values()) == ["w1", "w1", "w2", "w2"]
    assert share(["a"], [], first) == {}


def test_a_worker_gets_its_share_only() -> None:
    """Each worker sees its own cameras."""
    clock = Clock()
    made = fleet(clock, "w1", "w2")
    one, two = made.assignment("w1", "x"), made.assignment("w2", "y")
    names = [
        str(each["device"])
        for given in (one, two)
        for each in cast("list[dict[str, object]]", given["cameras"])
    ]
    assert sorted(names) == ["cam-0", "cam-1", "cam-2", "cam-3"]


def test_restart_is_a_new_epoch() -> None:
    """The same process keeps its epoch, a restarted one gets a new one: it counts its signals from one again."""
    made = fleet(Clock(), "w1")
    first = made.assignment("w1", "boot-1")
    again = made.assignment("w1", "boot-1")
    restarted = made.assignment("w1", "boot-2")
    assert first == again
    assert cast("int", restarted["epoch"]) > cast("int", first["epoch"])


def test_version_changes_with_content() -> None:
    """A worker sees by the version that something changed, and only then."""
    made = fleet(Clock(), "w1")
    before = made.assignment("w1", "x")
    made.plan({f"cam-{n}": {"device": f"cam-{n}", "fps": 2 if n == 1 else 5} for n in range(4)})
    after = made.assignment("w1", "x")
    assert before["version"] != after["version"]


def test_a_new_worker_joins() -> None:
    """A worker of another machine gets its share, and moves no camera that has a worker."""
    made = Fleet(workers=[], broker="mqtt://b", next_epoch=lambda: 1, clock=Clock())
    made.plan({"cam-0": {"device": "cam-0"}})
    assert [
        each["device"] for each in cast("list[dict[str, object]]", made.assignment("far", "x")["cameras"])
    ] == ["cam-0"]
    assert made.assignment("further", "y")["cameras"] == []


def test_lost_worker() -> None:
    """Ten seconds without a sign of life and its cameras are unknown; a poll alone keeps them alive."""
    clock = Clock()
    made = fleet(clock, "w1")
    made.assignment("w1", "x")
    camera: dict[str, object] = {
        "device": "cam-0",
        "state": "online",
        "reason": "",
        "last_packet_at": "2026-11-22T08:00:00.000Z",
    }
    made.report(status("w1", camera))
    assert made.camera("cam-0", clock.now)[0].state == "online"
    assert made.camera("cam-1", clock.now)[0].reason == "starting"
    clock.now += timedelta(seconds=9)
    made.assignment("w1", "x")
    clock.now += timedelta(seconds=9)
    assert made.camera("cam-0", clock.now)[0].reason == "no-packet"
    clock.now += timedelta(seconds=2)
    assert made.camera("cam-0", clock.now)[0].reason == "worker-lost"


def cameras_of(made: Fleet, worker: str, boot: str = "x") -> list[str]:
    """What this worker is to read, asked as it would."""
    return [
        str(each["device"])
        for each in cast("list[dict[str, object]]", made.assignment(worker, boot)["cameras"])
    ]


def elapse(made: Fleet, clock: Clock, seconds: int, *asking: str) -> None:
    """So many seconds in which these workers go on asking."""
    for _ in range(seconds):
        clock.now += timedelta(seconds=1)
        for worker in asking:
            made.assignment(worker, "x")


def test_a_worker_that_is_gone_hands_over_its_cameras() -> None:
    """After a minute the others have them, under an epoch that is newer than any before."""
    clock = Clock()
    made = fleet(clock, "w1", "w2", "w3")
    before = {worker: cameras_of(made, worker) for worker in ("w1", "w2", "w3")}
    epochs = [cast("int", made.assignment(worker, "x")["epoch"]) for worker in ("w1", "w2", "w3")]
    elapse(made, clock, 58, "w1", "w2")
    assert cameras_of(made, "w1") == before["w1"]
    elapse(made, clock, 3, "w1", "w2")
    after = cameras_of(made, "w1") + cameras_of(made, "w2")
    assert sorted(after) == ["cam-0", "cam-1", "cam-2", "cam-3"]
    assert set(before["w1"]) <= set(cameras_of(made, "w1"))
    taker = next(worker for worker in ("w1", "w2") if set(before["w3"]) & set(cameras_of(made, worker)))
    assert cast("int", made.assignment(taker, "x")["epoch"]) > max(epochs)


def test_a_worker_that_comes_again_has_its_cameras_back() -> None:
    """The one that had them meanwhile lets go of them; the newer epoch is the returned one's."""
    clock = Clock()
    made = fleet(clock, "w1", "w2")
    before = cameras_of(made, "w1"), cameras_of(made, "w2")
    elapse(made, clock, 70, "w1")
    assert len(cameras_of(made, "w1")) == 4
    meanwhile = cast("int", made.assignment("w1", "x")["epoch"])
    assert cameras_of(made, "w2", "another") == before[1]
    assert cameras_of(made, "w1") == before[0]
    assert cast("int", made.assignment("w2", "another")["epoch"]) > meanwhile


def test_nobody_is_gone_when_the_hub_itself_slept() -> None:
    """After a pause of this process the first worker that asks does not get everything."""
    clock = Clock()
    made = fleet(clock, "w1", "w2")
    before = cameras_of(made, "w1"), cameras_of(made, "w2")
    clock.now += timedelta(minutes=5)
    assert (cameras_of(made, "w1"), cameras_of(made, "w2")) == before


def test_the_last_worker_keeps_what_it_has() -> None:
    """With nobody to hand over to, cameras stay where they were."""
    clock = Clock()
    made = fleet(clock, "w1")
    assert len(cameras_of(made, "w1")) == 4
    clock.now += timedelta(seconds=9)
    elapse(made, clock, 90)
    assert len(cameras_of(made, "w1")) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"worker": "w1"},
        {"worker": "w9", "cameras": [], "address": ""},
        {"worker": "w1", "cameras": 3, "address": ""},
    ],
    ids=["empty", "no cameras", "unknown worker", "cameras of a wrong shape"],
)
def test_malformed_status(wrong: dict[str, object]) -> None:
    """A malformed status is refused and changes nothing."""
    made = fleet(Clock(), "w1")
    with pytest.raises(InvalidInput):
        made.report(wrong)
    assert made.address("cam-0") is None


def test_how_long_looking_takes_is_shown() -> None:
    """/metrics has each worker's own figures, in seconds; what a worker does not say is left out."""
    made = fleet(Clock(), "w1", "w2")
    look = {"n": 9, "p50_ms": 40.0, "p95_ms": 120.0, "p99_ms": 200.0, "worst_ms": 250.0}
    made.report(
        {**status("w1"), "analysis": {"threads": 1, "frame_to_look": look, "frame_to_signal": {"n": 0}}}
    )
    made.report(status("w2"))
    registry = CollectorRegistry()
    registry.register(
        Gauges(
            head=lambda: 0,
            open_incidents=dict,
            outbox=lambda: 0,
            receivers=tuple,
            cameras=dict,
            restarts=dict,
            spooled=made.spooled,
            analysis=made.analysis,
        )
    )
    asked = {"worker": "w1", "until": "look", "quantile": "0.95"}
    assert registry.get_sample_value("hub_analysis_seconds", asked) == 0.12
    shown = generate_latest(registry).decode()
    assert 'worker="w2"' not in shown
    assert 'until="signal"' not in shown
