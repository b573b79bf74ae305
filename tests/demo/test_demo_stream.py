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
    """Four streams that somebody begins to watch at once begin a quarter of the spread apart, each only once late."""
    clip = load(clips["h264"])
    streams = list(RtspServer(dict.fromkeys("abcd", clip), spread=1.6).streams.values())
    seen = [Seen() for _ in streams]
    begun = asyncio.get_running_loop().time()
    for stream, viewer in zip(streams, seen, strict=True):
        stream.add(viewer)
    waited = [await viewer.first() - begun for viewer in seen]
    assert all(length >= 0.4 * number for number, length in enumerate(waited)), waited
    assert waited[0] < 0.4, "the first is not late"
    for stream, viewer in zip(streams, seen, strict=True):
        stream.remove(viewer)
    await asyncio.sleep(0.2)  # they end with the next picture
    again = Seen()
    begun = asyncio.get_running_loop().time()
    streams[-1].add(again)
    assert await again.first() - begun < 1.2, "who comes later waits for no more than a keyframe"
    streams[-1].remove(again)
