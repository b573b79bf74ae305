"""A camera that sends JPEG is shown as it sends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.worker.live_jpeg import FPS, JpegMaker
from ingest.packet import Packet
from ingest.video.stream import StreamInfo

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Tapped:
    """A camera of MJPEG, as live sees it."""

    def __init__(self) -> None:
        self.info = StreamInfo("mjpeg", 320, 240, 1 / 90000, b"")
        self.listener: Callable[[Packet], None] | None = None
        self.ready = threading.Event()

    def recent_gop(self) -> tuple[Packet, ...]:
        return ()

    def tap(self, listener: Callable[[Packet], None]) -> Callable[[], None]:
        self.listener = listener
        self.ready.set()
        return self.ready.clear


def test_jpeg_is_passed_on_as_it_came() -> None:
    """What a camera sends as MJPEG is not decoded, and thinned to a few pictures a second."""
    camera = Tapped()
    shown: list[bytes] = []
    maker = JpegMaker(camera, show=shown.append, fail=lambda wrong: pytest.fail(str(wrong)))
    maker.start()
    assert camera.ready.wait(5)
    assert camera.listener is not None
    for i in range(26):
        at = AT + timedelta(seconds=i / 25)
        camera.listener(Packet(b"%d" % i, i, i, 1 / 25, keyframe=True, at=at))
    end = threading.Event()
    for _ in range(100):
        if shown and shown[-1] == b"24":
            break
        end.wait(0.05)
    maker.close()
    assert shown[0] == b"0"
    assert FPS <= len(shown) <= FPS + 2
    assert not camera.ready.is_set(), "the tap was taken off"
