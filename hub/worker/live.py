"""Live: who watches which camera of this worker: one remux for each camera that somebody watches, none otherwise.

    camera's reader thread ──tap──▶ the web server's loop: Remuxed ──▶ Audience ──▶ one queue per viewer
                            └─────▶ a thread of its own, for `jpeg`: decode, JPEG ──▶ the same

Everything but the taps and that thread belongs to the event loop of the worker's web server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Literal, Protocol

from hub.worker.audience import Audience
from hub.worker.crew import Crew
from hub.worker.live_jpeg import JpegMaker
from ingest.errors import CameraUnreachable, HubError, NotFound, StreamEnded
from ingest.packet import Packet
from ingest.video.camera import Camera
from ingest.video.live import Head, Remuxed

log = logging.getLogger(__name__)

Form = Literal["fmp4", "jpeg", "shown"]
"""fmp4: the camera's own packets; jpeg: the same as single pictures; shown: single pictures, persons blurred."""

LOOK_EVERY = 0.5
"""Seconds between two looks whether a camera that is watched still sends."""
SHOWN_EVERY = 1.0
"""Seconds between two shown pictures: blurring looks for persons in each."""


def head_text(form: Form, head: Head) -> str:
    """The first message of a stream. What cannot play `codec` may ask for `?as=jpeg` instead."""
    mime = "image/jpeg" if head.codec == "jpeg" else f'video/mp4; codecs="{head.codec}"'
    told: dict[str, object] = {"codec": head.codec, "mime": mime, "as": form}
    told |= {"width": head.width or None, "height": head.height or None}
    return json.dumps({**told, "otherwise": None if head.codec == "jpeg" else "jpeg"})


class Source(Protocol):
    """What makes the messages of one stream."""

    @property
    def head(self) -> Head:
        """What a viewer is told first."""

    @property
    def start(self) -> bytes:
        """What a viewer needs before the next message, empty when nothing."""

    def close(self) -> None:
        """End it; returns at once."""


class RemuxSource:
    """A tapped camera, remuxed on the loop."""

    def __init__(self, camera: Camera, audience: Audience) -> None:
        self._camera = camera
        self._audience = audience
        self._loop = asyncio.get_running_loop()
        info = camera.info
        if info is None:
            raise CameraUnreachable("no picture yet", reason="no-picture")
        self._off: Callable[[], None] = camera.tap(self._tapped)  # before the ring is read: no gap
        try:
            self._remuxed = Remuxed(info, camera.recent_gop())
        except BaseException:
            self._off()
            raise
        self.head = self._remuxed.head

    @property
    def start(self) -> bytes:
        """The initialization segment and the newest GOP."""
        return self._remuxed.start

    def _tapped(self, packet: Packet) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody watches
            self._loop.call_soon_threadsafe(self._take, packet)

    def _take(self, packet: Packet) -> None:
        if not self._audience:
            return
        try:
            if packet.keyframe:
                self._remuxed.goes_on(self._camera.info)
            self._audience.offer(self._remuxed.take(packet))
        except HubError as wrong:
            log.warning("live view of %s ends: %s", self._camera.device, wrong)
            self._audience.end(wrong)

    def close(self) -> None:
        """Take the tap off and end the muxer."""
        self._off()
        self._remuxed.close()


class JpegSource:
    """A tapped camera, decoded in a thread of its own."""

    def __init__(self, camera: Camera, audience: Audience) -> None:
        loop = asyncio.get_running_loop()
        self.start = b""

        def show(picture: bytes) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody watches
                loop.call_soon_threadsafe(taken, picture)

        def fail(wrong: HubError) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(audience.end, wrong)

        def taken(picture: bytes) -> None:
            self.start = picture
            audience.offer(picture)

        self._maker = JpegMaker(camera, show=show, fail=fail)
        self.head = Head("jpeg", self._maker.info.width, self._maker.info.height)
        self._maker.start()

    def close(self) -> None:
        """Take the tap off and let the thread end."""
        self._maker.close()


class _Show:
    """One camera that is watched in one form."""

    def __init__(self, camera: Camera, form: Form) -> None:
        self.camera = camera
        self.audience = Audience()
        self.source: Source = (RemuxSource if form == "fmp4" else JpegSource)(camera, self.audience)


class Live:
    """The live views of one worker."""

    def __init__(
        self, crew: Crew, *, snapshot: Callable[[str], bytes], clock: Callable[[], datetime]
    ) -> None:
        self._crew = crew
        self._snapshot = snapshot
        self._clock = clock
        self._shows: dict[tuple[str, Form], _Show] = {}
        self._looking: asyncio.Task[None] | None = None

    def viewers(self) -> dict[str, int]:
        """How many watch each camera; from any thread."""
        counts: dict[str, int] = {}
        for (device, _), show in tuple(self._shows.items()):
            counts[device] = counts.get(device, 0) + len(show.audience)
        return counts

    async def watch(self, device: str, form: Form) -> AsyncGenerator[str | bytes]:
        """First the head (JSON), then the stream, for one viewer; close the generator when the viewer goes.

        Raises NotFound for a camera of another worker, CameraUnreachable when there is no picture or no more,
        StreamEnded when the camera goes on in another coding, TooSlow when the viewer is.
        """
        if form == "shown":
            async for shown in self._shown(device):
                yield shown
            return
        show = self._show(device, form)
        viewer = show.audience.join()
        begin = show.source.start  # in the same step as the joining: no gap and no double
        try:
            yield head_text("fmp4" if show.source.head.codec != "jpeg" else "jpeg", show.source.head)
            if begin:
                yield begin
            while (message := await viewer.take()) is not None:
                yield message
        finally:
            show.audience.leave(viewer)
            if not show.audience:
                self._end(device, form, show)

    async def _shown(self, device: str) -> AsyncGenerator[str | bytes]:
        before = b""
        while True:
            picture = await asyncio.to_thread(self._snapshot, device)
            if not before:
                yield head_text("shown", Head("jpeg", 0, 0))
            if picture != before:
                yield picture
            before = picture
            await asyncio.sleep(SHOWN_EVERY)

    def _show(self, device: str, form: Form) -> _Show:
        camera = self._camera(device)
        if form == "fmp4" and camera.info is not None and camera.info.codec == "mjpeg":
            form = "jpeg"  # no browser plays it in an MP4, and its packets are JPEGs already
        show = self._shows.get((device, form))
        if show is not None and show.camera is not camera:
            show.audience.end(StreamEnded("the camera was changed", reason="changed"))
        if show is None or show.audience.over:
            show = self._shows[device, form] = _Show(camera, form)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="live look")
        return show

    def _camera(self, device: str) -> Camera:
        watch = self._crew.get(device)
        if watch is None:
            raise NotFound("this camera is not ours")
        health = watch.health(self._clock())
        if health.state == "offline":
            raise CameraUnreachable(health.message or "no packet", reason=health.reason or "timeout")
        return watch.camera

    def _end(self, device: str, form: Form, show: _Show) -> None:
        for key in ((device, form), (device, "jpeg")):
            if self._shows.get(key) is show:
                del self._shows[key]
        show.source.close()

    async def _look(self) -> None:
        """End the views of cameras that are gone, changed or silent, while anything is watched."""
        while self._shows:
            await asyncio.sleep(LOOK_EVERY)
            for (device, _), show in tuple(self._shows.items()):
                try:
                    if self._camera(device) is not show.camera:
                        show.audience.end(StreamEnded("the camera was changed", reason="changed"))
                except HubError as wrong:
                    show.audience.end(wrong)
