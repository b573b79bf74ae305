"""Pace: a camera that is told to make fewer pictures decodes less, and comes back without a smear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import av
import pytest

from ingest.frame import Frame
from ingest.packet import Packet
from ingest.video.eye import Eye
from ingest.video.gate import Gate
from ingest.video.ring import Ring
from ingest.video.stream import StreamInfo
from tests.servers.clips import raw_clip

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
GOP, FPS = 25, 25


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[Packet]:
    """Twelve seconds, a keyframe each second."""
    clip = raw_clip(tmp_path_factory.mktemp("pace") / "clip.h264", seconds=12, gop=GOP)
    with av.open(str(clip), format="h264") as container:
        raws = [each for each in container.demux(video=0) if each.size]
    return [
        Packet(
            bytes(raw), i * 3600, i * 3600, 1 / 90_000, raw.is_keyframe, START + timedelta(seconds=i / FPS)
        )
        for i, raw in enumerate(raws)
    ]


def test_fewer_pictures_then_keyframes_then_all_again(packets: list[Packet]) -> None:
    """At half the rate half the frames; below one a second nothing but keyframes is decoded; back at a keyframe."""
    ring, frames = Ring(15), list[Frame]()

    def take(frame: Frame) -> bool:
        frames.append(frame)
        return True

    eye = Eye(
        "cam",
        StreamInfo("h264", 320, 240, 1 / 90_000, b""),
        fps=5,
        gate=Gate(pinned=True),
        ring=ring,
        on_frame=take,
    )

    def second(number: int, pace: float) -> tuple[int, int]:
        made, decoded = len(frames), eye.counts.decoded
        eye.pace(pace)
        for packet in packets[number * GOP : (number + 1) * GOP]:
            ring.add(packet)
            eye.feed(packet)
        return len(frames) - made, eye.counts.decoded - decoded

    assert second(0, 5) == (5, GOP)
    assert second(1, 2.5)[1] == GOP
    assert sum(second(number, 2.5)[0] for number in (2, 3)) == 5
    assert second(4, 0.5)[1] == 1
    assert sum(second(number, 0.5)[0] for number in (5, 6, 7, 8)) == 2
    for packet in packets[9 * GOP : 9 * GOP + 12]:  # the pace comes back in the middle of a GOP
        eye.feed(packet)
    eye.pace(5)
    decoded = eye.counts.decoded
    for packet in packets[9 * GOP + 12 : 10 * GOP]:
        eye.feed(packet)
    assert eye.counts.decoded == decoded  # what hangs on pictures that were left out is left out
    assert second(10, 5)[1] == GOP
    assert second(11, 99) == (5, GOP)  # no more than was asked for
    assert eye.counts.errors == 0
    pts = [frame.pts for frame in frames]
    assert pts == sorted(pts)
