"""Ring: whole GOPs, bounded by seconds and bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.packet import Packet
from ingest.video.ring import Ring

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def packet(second: float, *, key: bool = False, size: int = 10) -> Packet:
    stamp = round(second * 1000)
    return Packet(b"x" * size, stamp, stamp, 0.001, key, START + timedelta(seconds=second))


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def filled(ring: Ring, seconds: int, *, per_second: int = 4, gop: int = 2) -> Ring:
    for i in range(seconds * per_second):
        ring.add(packet(i / per_second, key=i % (gop * per_second) == 0))
    return ring


def test_what_comes_before_the_first_keyframe_is_let_go() -> None:
    """Packets that cannot be decoded are counted, not kept."""
    ring = Ring(10)
    ring.add(packet(0))
    ring.add(packet(0.1))
    assert (ring.let_go, ring.size, ring.latest_gop()) == (2, 0, ())


def test_it_keeps_at_least_the_seconds_and_whole_gops() -> None:
    """After a minute the ring reaches 5 s back, begins with a keyframe and holds one GOP more at most."""
    ring = filled(Ring(5), 60)
    kept = ring.window(at(0), at(60))
    assert kept[0].keyframe
    assert timedelta(seconds=5) <= kept[-1].at - kept[0].at <= timedelta(seconds=5 + 2)


def test_bytes_bound_it_too() -> None:
    """A camera that sends more than was thought keeps fewer seconds, not more bytes."""
    ring = Ring(1000, max_bytes=500)
    filled(ring, 60)
    assert 0 < ring.size <= 500
    assert ring.latest_gop()[0].keyframe


def test_a_gop_that_never_ends_is_let_go() -> None:
    """Without keyframes nothing piles up; the next keyframe starts anew."""
    ring = Ring(5, max_bytes=100)
    ring.add(packet(0, key=True))
    for i in range(1, 50):
        ring.add(packet(i))
    assert ring.size <= 100
    assert ring.let_go > 0
    ring.add(packet(51, key=True))
    assert [each.pts for each in ring.latest_gop()] == [51_000]


def test_a_window_begins_at_the_keyframe_before_it() -> None:
    """From the last keyframe at or before the start, to the last packet at or before the end."""
    ring = filled(Ring(60), 10)  # keyframes at 0, 2, 4 …
    kept = ring.window(at(3), at(5))
    assert (kept[0].at, kept[-1].at) == (at(2), at(5))


def test_a_window_outside_is_empty() -> None:
    """Before everything that is kept, the window starts with the oldest; after everything, it is empty."""
    ring = filled(Ring(60), 10)
    assert ring.window(at(-5), at(1))[0].at == at(0)
    assert ring.window(at(20), at(30)) == ()
    assert ring.window(at(-5), at(-1)) == ()


def test_what_evidence_waits_for_is_kept_longer() -> None:
    """Nothing that came since the asked moment is let go before the other one is there; afterwards it is as ever."""
    ring = filled(Ring(5), 10)
    ring.keep(at(6), at(30))
    for i in range(40, 116):
        ring.add(packet(i / 4, key=i % 8 == 0))
    assert ring.window(at(6), at(40))[0].at == at(6)
    for i in range(116, 160):
        ring.add(packet(i / 4, key=i % 8 == 0))
    assert ring.window(at(6), at(40))[0].at == at(34)


def test_bytes_bound_what_is_kept_longer() -> None:
    """A camera of many raises takes no more memory than its bound."""
    ring = Ring(5, max_bytes=500)
    ring.keep(at(0), at(1000))
    filled(ring, 60)
    assert 0 < ring.size <= 500


def test_clear_forgets() -> None:
    """A camera that changes its coding starts with an empty ring."""
    ring = filled(Ring(60), 10)
    ring.clear()
    assert (ring.size, ring.latest_gop()) == (0, ())
