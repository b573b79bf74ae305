"""JPEG maker: a camera as single pictures, for who cannot play its codec: decoded while somebody looks, then not.

One thread for each camera that is watched so. A camera that sends MJPEG is not decoded: its packets are pictures.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import CameraUnreachable, HubError, StreamEnded
from ingest.packet import Packet
from ingest.video.decode import Sampler
from ingest.video.live import Tapped
from ingest.video.stream import StreamInfo

log = logging.getLogger(__name__)

FPS = 4.0
"""Pictures per second."""
WIDEST = 1280
"""Pixels; wider pictures are made smaller."""
QUALITY = 75
WAITING = 300
"""Packets that may wait for the decoder; when it is so far behind, it goes on at the next keyframe."""


def small_jpeg(image: NDArray[np.uint8]) -> bytes:
    """A JPEG of at most WIDEST pixels, without metadata."""
    height, width = image.shape[:2]
    if width > WIDEST:
        size = (WIDEST, round(height * WIDEST / width))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise StreamEnded("the picture cannot be written as JPEG", reason="garbage")
    return data.tobytes()


class JpegMaker:
    """Hands pictures to `show`, and at most one error to `fail`, both from its thread."""

    def __init__(
        self, camera: Tapped, *, show: Callable[[bytes], None], fail: Callable[[HubError], None]
    ) -> None:
        info = camera.info
        if info is None:
            raise CameraUnreachable("no picture yet", reason="no-picture")
        self.info: StreamInfo = info
        self._camera = camera
        self._show = show
        self._fail = fail
        self._packets: queue.Queue[Packet] = queue.Queue(WAITING)
        self._skipping = False
        self._ended = threading.Event()
        self._off: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin with the newest GOP; returns at once."""
        threading.Thread(target=self._run, name="live-jpeg", daemon=True).start()

    def close(self) -> None:
        """Let the thread end; returns at once."""
        self._ended.set()
        self._off()

    def _tapped(self, packet: Packet) -> None:
        """On the camera's reader thread."""
        if self._skipping and not packet.keyframe:
            return
        try:
            self._packets.put_nowait(packet)
            self._skipping = False
        except queue.Full:
            self._skipping = True

    def _run(self) -> None:
        self._off = self._camera.tap(self._tapped)
        try:
            if self.info.codec == "mjpeg":
                self._pass_on()
            else:
                self._decode()
        except HubError as wrong:
            self._fail(wrong)
        except Exception as wrong:  # a picture that cannot be made ends this view, not the worker
            log.exception("the JPEG stream ended")
            self._fail(StreamEnded(f"no picture can be made ({type(wrong).__name__})", reason="garbage"))
        finally:
            self._off()

    def _next(self) -> Packet | None:
        """The next packet, None after a quarter of a second without; StreamEnded when the coding changed."""
        try:
            packet = self._packets.get(timeout=0.25)
        except queue.Empty:
            return None
        info = self._camera.info
        if packet.keyframe and info is not None and not self.info.same_coding(info):
            raise StreamEnded("the camera sends another coding now", reason="changed")
        return packet

    def _decode(self) -> None:
        sampler = Sampler("", self.info, FPS)
        gop = self._camera.recent_gop()
        newest = None
        for packet in gop:  # the newest picture there is, at once
            newest = sampler.feed(packet) or newest
        if newest is not None:
            self._show(small_jpeg(newest.image))
        last = gop[-1].at if gop else None
        while not self._ended.is_set():
            got = self._next()
            if got is None or (last is not None and got.at <= last):  # ring and tap overlap
                continue
            frame = sampler.feed(got)
            if frame is not None:
                self._show(small_jpeg(frame.image))

    def _pass_on(self) -> None:
        due: datetime | None = None
        while not self._ended.is_set():
            got = self._next()
            if got is not None and (due is None or got.at >= due):
                due = got.at + timedelta(seconds=0.9 / FPS)
                self._show(got.data)
