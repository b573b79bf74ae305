"""Playback: what a camera's recorder has of a past time, remuxed for one viewer as live views are.

    recorder ──RTSP──▶ a thread of its own: read, Fragmenter ──▶ a short queue ──▶ the viewer

A viewer that takes less than comes holds the recorder back, as long as STALL; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from hub.worker.assignment import CameraTask
from hub.worker.audience import Viewer
from hub.worker.crew import Crew
from hub.worker.live import head_text
from ingest.errors import HubError, InvalidInput, NoRecorder, NotFound, StreamEnded, TooMany, TooSlow
from ingest.packet import Packet
from ingest.video.live import Remuxed
from ingest.video.read import read
from ingest.video.recorder import address
from ingest.video.stream import StreamInfo

log = logging.getLogger(__name__)

MOST = 8
"""Playbacks of one worker at a time: each is a session of its own at a recorder."""
LONGEST = timedelta(hours=1)
WAITING = 50
"""Fragments that may wait for the viewer."""
STALL = 30.0
"""Seconds in which the viewer must take something."""

T = TypeVar("T")


class Playbacks:
    """The playbacks of one worker."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._open = 0

    async def watch(self, device: str, start: datetime, end: datetime) -> AsyncGenerator[str | bytes]:
        """First the head (JSON), then the stream, to its end.

        Raises NotFound for a camera of another worker, NoRecorder, CameraUnreachable with the recorder's reason,
        StreamEnded when the recorder breaks off, TooMany, TooSlow.
        """
        watch = self._crew.get(device)
        if watch is None:
            raise NotFound("this camera is not ours")
        if watch.task.playback is None:
            raise NoRecorder("nothing records this camera", mend="set its `playback`")
        if not timedelta(0) < end - start <= LONGEST:
            raise InvalidInput(f"a playback ends after it begins, within {LONGEST.seconds // 3600} h")
        if self._open >= MOST:
            raise TooMany("too many playbacks at a time", retry_after=10)
        self._open += 1
        session = _Session(watch.task, watch.task.playback, start, end)
        try:
            session.start()
            while (message := await session.take()) is not None:
                yield message
        finally:
            self._open -= 1
            session.stop()


class _Session:
    """One session at a recorder, in a thread of its own."""

    def __init__(self, task: CameraTask, template: str, start: datetime, end: datetime) -> None:
        self._task = task
        self._url = address(template, start, end, ZoneInfo(task.timezone))
        self._span = (end - start).total_seconds()
        self._loop = asyncio.get_running_loop()
        self._viewer = Viewer()
        self._room = threading.Semaphore(WAITING)
        self._ended = threading.Event()
        self._info: StreamInfo | None = None
        self._remuxed: Remuxed | None = None
        self._first = 0

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name=f"playback-{self._task.device}", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end at its next packet or timeout; returns at once."""
        self._ended.set()
        self._room.release()

    async def take(self) -> str | bytes | None:
        """The next message; None after the last, or raises why it ended."""
        message = await self._viewer.take()
        self._room.release()
        return message

    def _run(self) -> None:
        end: HubError | None = None
        try:
            read(
                self._url,
                transport=self._task.transport,
                on_stream=self._begin,
                on_packet=self._take,
                stop=self._ended.is_set,
            )
        except StreamEnded as over:
            # Recorders end a range by ending the stream, or by just sending nothing more.
            end = None if self._remuxed is not None and over.reason in {"ended", "timeout"} else over
        except HubError as wrong:
            end = wrong
        except Exception as wrong:  # a recorder must not leave its viewer waiting, whatever it sends
            log.exception("playback of %s ended", self._task.device)
            end = StreamEnded(f"the recording cannot be read ({type(wrong).__name__})", reason="garbage")
        finally:
            if self._remuxed is not None:
                self._remuxed.close()
        self._tell(self._viewer.finish, end)

    def _begin(self, info: StreamInfo) -> None:
        self._info = info

    def _take(self, packet: Packet, _: object) -> None:
        if self._remuxed is None:
            if not packet.keyframe or self._info is None:
                return
            self._remuxed = Remuxed(self._info, (packet,))
            self._first = packet.pts
            self._put(head_text("fmp4", self._remuxed.head))
            self._put(self._remuxed.start)
            return
        if (packet.pts - self._first) * packet.time_base >= self._span:
            self._ended.set()
            return
        fragment = self._remuxed.take(packet)
        if fragment:
            self._put(fragment)

    def _put(self, message: str | bytes) -> None:
        """Wait until the viewer has room; TooSlow when it takes nothing."""
        if not self._room.acquire(timeout=STALL):
            raise TooSlow("the viewer takes nothing")
        if not self._ended.is_set():
            self._tell(self._viewer.offer, message)

    def _tell(self, act: Callable[[T], None], what: T) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody watches
            self._loop.call_soon_threadsafe(act, what)
