"""One stream of the demo's RTSP server by itself: when its first picture comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.demo.clip import load
from hub.demo.rtsp import RtspServer

pytestmark = pytest.mark.slow


class Seen:
    """Notes when its first packets come, in seconds of the loop."""

    def __init__(self) -> None:
        self._first: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def send(self, _packets: list[bytes]) -> None:
        """The packets of one picture."""
        if not self._first.done():
            self._first.set_result(asyncio.get_running_loop().time())

    def report(self, _packet: bytes) -> None:
        """Nothing is made of reports."""

    async def first(self) -> float:
        """When the first picture came; fails after 10 s."""
        return await asyncio.wait_for(self._first, 10)


async def test_cameras_are_not_set_to_one_beat(clips: dict[str, Path]) -> None:
    """Four streams that somebody begins to watch at once begin a quarter of the spread apart.

    When all leave and come back at the same moment, each has kept its beat.
    """
    clip = load(clips["h264"])
    streams = list(RtspServer(dict.fromkeys("abcd", clip), spread=1.6).streams.values())
    for _ in range(2):
        seen = [Seen() for _ in streams]
        begun = asyncio.get_running_loop().time()
        for stream, viewer in zip(streams, seen, strict=True):
            stream.add(viewer)
        came = [await viewer.first() for viewer in seen]
        assert max(came) - begun < 1.6 + 0.3, "nobody waits for longer than the spread"
        beats = [(at - came[0]) % 1.6 for at in came]
        assert beats == pytest.approx([0.0, 0.4, 0.8, 1.2], abs=0.15)
        for stream, viewer in zip(streams, seen, strict=True):
            stream.remove(viewer)
        await asyncio.sleep(0.2)  # they end with the next picture


async def test_without_a_spread_who_comes_first_waits_for_nothing(clips: dict[str, Path]) -> None:
    """The next keyframe is sent now, the first time and when everybody was away."""
    stream = next(iter(RtspServer({"a": load(clips["h264"])}).streams.values()))
    for _ in range(2):
        viewer = Seen()
        begun = asyncio.get_running_loop().time()
        stream.add(viewer)
        assert await viewer.first() - begun < 0.3
        stream.remove(viewer)
        await asyncio.sleep(0.2)
