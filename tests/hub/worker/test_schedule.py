"""The schedule alone: time is an argument, a look takes as long as the test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from hub.worker.sampling import why_less
from hub.worker.schedule import HOT, ROW, Priority, Schedule, Shortage
from ingest.frame import Frame
from ingest.raster import Pixels

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
IMAGE = Pixels(np.zeros((2, 2, 3), np.uint8))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def frame(device: str, seconds: float, *, catch_up: bool = False) -> Frame:
    return Frame(device, seconds, at(seconds), IMAGE, catch_up)


def play(
    schedule: Schedule, cameras: Mapping[str, float], *, looks_per_second: float, seconds: float
) -> Counter[str]:
    """Cameras offer frames at their rates, one thread looks at one after the other: looks by camera."""
    moments = sorted(
        (number / fps + 0.001 * place, device)
        for place, (device, fps) in enumerate(cameras.items())
        for number in range(int(seconds * fps))
    )
    seen: Counter[str] = Counter()
    look = 0.0
    while look < seconds:
        while moments and moments[0][0] <= look:
            moment, device = moments.pop(0)
            schedule.offer(frame(device, moment), at(moment))
        taken = schedule.take(at(look))
        if taken is not None:
            seen[taken.device] += 1
            schedule.done(taken.device)
        look += 1 / looks_per_second
    return seen


def declared(**cameras: tuple[Priority, float]) -> Schedule:
    schedule = Schedule()
    for device, (priority, fps) in cameras.items():
        schedule.declare(device, priority, fps)
    return schedule


def taken_device(schedule: Schedule, seconds: float) -> str | None:
    taken = schedule.take(at(seconds))
    return taken.device if taken else None


def test_life_safety_keeps_its_rate_and_the_others_share_the_rest() -> None:
    """70 frames a second are wanted, 25 can be looked at: life gets all it wants, the others are thinned alike."""
    cameras = {"life": 5.0, **{f"c{n}": 5.0 for n in range(13)}}
    schedule = declared(
        **{name: ("life" if name == "life" else "normal", fps) for name, fps in cameras.items()}
    )
    seen = play(schedule, cameras, looks_per_second=25, seconds=20)
    assert seen["life"] >= 99
    others = [seen[name] for name in cameras if name != "life"]
    assert max(others) - min(others) <= 2
    assert sum(seen.values()) >= 499  # no time is wasted
    assert schedule.shortage("life", at(20)) is None
    assert {schedule.shortage(name, at(20)) for name in cameras if name != "life"} == {"thinned"}


def test_shares_go_by_rate_and_priority() -> None:
    """Twice the rate is twice the looks; high gets four times, low a quarter of what normal gets."""
    cameras = {"high": 10.0, "fast": 10.0, "slow": 5.0, "low": 10.0}
    schedule = declared(high=("high", 10.0), fast=("normal", 10.0), slow=("normal", 5.0), low=("low", 10.0))
    seen = play(schedule, cameras, looks_per_second=13, seconds=100)
    assert seen["high"] / seen["fast"] == pytest.approx(4, rel=0.35)  # it cannot get more than it offers
    assert seen["fast"] / seen["slow"] == pytest.approx(2, rel=0.2)
    assert seen["fast"] / seen["low"] == pytest.approx(4, rel=0.35)
    assert schedule.shortage("low", at(100)) == "thinned"


def test_nobody_is_blind_for_ever() -> None:
    """Life safety alone wants twice what can be looked at: the others still get a look every two seconds."""
    cameras = {"life": 20.0, "a": 5.0, "b": 5.0}
    schedule = declared(life=("life", 20.0), a=("normal", 5.0), b=("normal", 5.0))
    seen = play(schedule, cameras, looks_per_second=10, seconds=60)
    assert seen["a"] + seen["b"] == pytest.approx(30, abs=2)
    assert abs(seen["a"] - seen["b"]) <= 1


def test_among_equals_it_is_overload() -> None:
    """Nobody went before them: then it is said that the machine is too small."""
    cameras = {"a": 5.0, "b": 5.0}
    schedule = declared(a=("normal", 5.0), b=("normal", 5.0))
    play(schedule, cameras, looks_per_second=4, seconds=10)
    assert {schedule.shortage(name, at(10)) for name in cameras} == {"overloaded"}


def test_life_among_life_goes_by_deadline() -> None:
    """The frame whose successor is due first is looked at first."""
    schedule = declared(slow=("life", 1.0), quick=("life", 10.0), other=("high", 60.0))
    schedule.offer(frame("other", 0.0), at(0))
    schedule.offer(frame("slow", 0.0), at(0))
    schedule.offer(frame("quick", 0.5), at(0.5))
    order = [taken.device for taken in (schedule.take(at(0.5)) for _ in range(3)) if taken]
    assert order == ["quick", "slow", "other"]


def test_catching_up_loses_nothing_and_delays_no_life() -> None:
    """Frames kept before a gate opened stay in order and are refused, not dropped, when there is no room."""
    schedule = declared(life=("life", 5.0), late=("normal", 5.0), calm=("normal", 5.0))
    kept = [frame("late", second / 5, catch_up=True) for second in range(ROW + 1)]
    assert [schedule.offer(each, at(3)) for each in kept] == [True] * ROW + [False]
    assert schedule.offer(frame("calm", 3), at(3))
    assert schedule.offer(frame("life", 3), at(3))
    assert schedule.shortage("late", at(3)) == "catching-up"
    order: list[tuple[str, float]] = []
    while (taken := schedule.take(at(3))) is not None:
        order.append((taken.device, taken.pts))
        schedule.done(taken.device)
    assert order[0] == ("life", 3.0)
    assert [pts for device, pts in order if device == "late"] == [each.pts for each in kept[:ROW]]
    assert ("calm", 3.0) in order[:3]  # nor does it hold up its equals
    assert schedule.dropped("late") == 0


def test_life_that_catches_up_waits_for_the_life_of_now() -> None:
    """Two cameras of life safety: what happens now on one goes before what happened on the other."""
    schedule = declared(behind=("life", 5.0), now=("life", 5.0))
    schedule.offer(frame("behind", 0, catch_up=True), at(9))
    schedule.offer(frame("now", 9), at(9))
    assert taken_device(schedule, 9) == "now"


def test_one_camera_is_never_looked_at_twice_at_once() -> None:
    """Its next frame waits until the one that was taken is done; others go on."""
    schedule = declared(a=("normal", 5.0), b=("normal", 5.0))
    schedule.offer(frame("a", 0), at(0))
    assert taken_device(schedule, 0) == "a"
    schedule.offer(frame("a", 0.2), at(0.2))
    assert taken_device(schedule, 0.2) is None
    schedule.offer(frame("b", 0.2), at(0.2))
    assert taken_device(schedule, 0.2) == "b"
    schedule.done("a")
    assert taken_device(schedule, 0.2) == "a"


def test_who_was_idle_saves_up_nothing() -> None:
    """A gate that opens after an hour gets its share of now, not an hour's worth."""
    cameras = {"busy": 50.0, "idle": 50.0}
    schedule = declared(busy=("normal", 50.0), idle=("normal", 50.0))
    play(schedule, {"busy": 50.0}, looks_per_second=10, seconds=100)
    seen = play(schedule, cameras, looks_per_second=10, seconds=10)
    assert abs(seen["busy"] - seen["idle"]) <= 2


def test_a_camera_that_goes_leaves_nothing() -> None:
    """Its frames are gone, and a late done() of it disturbs nobody."""
    schedule = declared(a=("normal", 5.0))
    schedule.offer(frame("a", 0), at(0))
    schedule.forget("a")
    assert schedule.take(at(0)) is None
    schedule.done("a")
    assert schedule.shortage("a", at(0)) is None


def test_overload_ends_and_is_no_longer_said() -> None:
    """Ten seconds after the last dropped frame the reason is gone."""
    schedule = declared(a=("normal", 5.0))
    for number in range(3):
        schedule.offer(frame("a", number / 5), at(number / 5))
    assert schedule.shortage("a", at(2)) == "overloaded"
    assert schedule.shortage("a", at(13)) is None


def test_what_comes_at_once_waits_a_moment_and_under_shortage_the_newest_only() -> None:
    """Without a shortage two frames of a camera wait, the older first; the third pushes the oldest out."""
    schedule = declared(a=("normal", 5.0))
    assert [schedule.offer(frame("a", number / 5), at(number / 5)) for number in range(3)] == [
        True,
        True,
        False,
    ]
    assert schedule.dropped("a") == 1
    taken = []
    while (each := schedule.take(at(0.5))) is not None:
        taken.append(each.pts)
        schedule.done("a")
    assert taken == [0.2, 0.4]
    for number in range(3, 8):
        schedule.offer(frame("a", number / 5), at(number / 5))
    schedule.regulate()  # a second in which most were pushed out: now there is a shortage
    for number in range(8, 10):
        schedule.offer(frame("a", number / 5), at(number / 5))
    newest = schedule.take(at(2))
    assert newest is not None
    assert newest.pts == 1.8
    schedule.done("a")
    assert schedule.take(at(2)) is None


def second(schedule: Schedule, cameras: Mapping[str, int], looks: int, moment: float) -> dict[str, float]:
    """One second: so many frames of each camera, so many looks; what each camera should make then."""
    for tick in range(max(cameras.values())):
        for device, frames in cameras.items():
            if tick < frames:
                schedule.offer(frame(device, moment + tick / 100), at(moment + tick / 100))
        for _ in range(looks // max(cameras.values())):
            taken = schedule.take(at(moment))
            if taken is not None:
                schedule.done(taken.device)
    return schedule.regulate()


def test_who_is_dropped_makes_fewer_and_more_again_when_there_is_room() -> None:
    """Decoding what nobody looks at takes time from the others; life safety always makes all."""
    schedule = declared(life=("life", 5.0), a=("normal", 10.0))
    paces = [second(schedule, {"life": 5, "a": 10}, 0, number) for number in range(30)]
    assert paces[0] == {"life": 5.0, "a": 10.0}  # one bad second is nothing
    assert paces[-1] == {"life": 5.0, "a": 0.5}  # its keyframes
    assert schedule.shortage("a", at(30)) == "overloaded"  # nobody was looked at, nobody went before it
    paces = [second(schedule, {"life": 5, "a": 1}, 100, number) for number in range(30, 60)]
    assert paces[-1] == {"life": 5.0, "a": 10.0}
    assert schedule.shortage("a", at(60)) is None


def test_who_nearly_keeps_up_makes_fewer_by_what_is_dropped() -> None:
    """One frame of eight has no room: seven are made and looked at, not five."""
    schedule = declared(a=("normal", 8.0))
    for number in range(HOT - 1):
        assert second(schedule, {"a": 8}, 0, number) == {"a": 8.0}
    assert taken_device(schedule, 3) == "a"  # what still waits
    schedule.done("a")
    for tick in range(8):
        schedule.offer(frame("a", 9 + tick / 10), at(9))
        if tick != 3:
            assert taken_device(schedule, 9) == "a"
            schedule.done("a")
    assert schedule.regulate() == {"a": 7.0}


def test_a_stall_of_three_seconds_costs_only_what_it_pushed_out() -> None:
    """The machine was away for a moment; who made fewer for it would lose more than the stall took."""
    schedule = declared(a=("normal", 10.0))
    for number in range(3):
        assert second(schedule, {"a": 10}, 0, number) == {"a": 10.0}
    assert second(schedule, {"a": 10}, 100, 3) == {"a": 10.0}


def test_when_life_comes_too_short_all_others_make_room() -> None:
    """Theirs were all looked at, and yet the machine is too slow for what must come first."""
    schedule = Schedule(threads=2)
    schedule.declare("life", "life", 5.0)
    for device in ("a", "b"):
        schedule.declare(device, "normal", 10.0)
    paces: dict[str, float] = {}
    for number in range(3):
        for tick in range(5):
            schedule.offer(frame("life", number + tick / 10), at(number))
        schedule.offer(frame("a", number), at(number))
        while (taken := schedule.take(at(number))) is not None:
            schedule.done(taken.device)
        paces = schedule.regulate()
    assert paces["life"] == 5.0
    assert paces["a"] < 10.0
    assert schedule.shortage("a", at(3)) == "thinned"
    schedule.offer(frame("a", 4), at(4))
    schedule.offer(frame("b", 4), at(4))
    assert taken_device(schedule, 4) == "b"
    assert taken_device(schedule, 4) is None  # the other thread waits for what must not wait
    schedule.offer(frame("life", 4), at(4))
    assert taken_device(schedule, 4) == "life"


REASONS: list[tuple[dict[str, object], str | None, str]] = [
    ({}, "overloaded", "frames come, none is dropped, yet too few are looked at: decoding is too slow"),
    ({"actual": 4.6}, None, "a frame more or less in ten seconds is no shortage"),
    ({"actual": 4.0}, "overloaded", "four of five is"),
    ({"state": "offline"}, "no-stream", "nothing can come"),
    ({"state": "unknown"}, "no-stream", "still connecting"),
    ({"blind": True, "shortage": "thinned"}, "model-failed", "nobody looks at all"),
    (
        {"shortage": "thinned", "gate": "quiet"},
        "thinned",
        "it was open a moment ago, and frames were dropped",
    ),
    ({"shortage": "catching-up"}, "catching-up", "it is behind"),
    ({"gate": "quiet"}, "quiet", "nothing moves"),
    ({"received": 3.0}, "source-slower", "the camera itself is slow"),
]


@pytest.mark.parametrize(("change", "reason", "why"), REASONS, ids=[row[2] for row in REASONS])
def test_why_a_camera_is_looked_at_less(change: dict[str, object], reason: str | None, why: str) -> None:
    """One word, the nearest cause first."""
    shortage: Shortage | None = None
    known: dict[str, object] = {
        "target": 5.0,
        "actual": 1.0,
        "received": 25.0,
        "state": "online",
        "blind": False,
        "gate": "open",
        "shortage": shortage,
    }
    assert why_less(**{**known, **change}) == reason, why  # type: ignore[arg-type] # a table of keywords
