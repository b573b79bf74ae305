"""Original: the main stream of a camera whose substream is analysed: its packets kept, none of them decoded.

What is looked at is small; what is kept as evidence is what the camera sees. Reading the main stream costs
about what reading any stream costs, its ring a few megabytes, and no decoder is ever opened for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

import av
from av.video.stream import VideoStream

from ingest.packet import Packet
from ingest.video.health import SILENCE
from ingest.video.keep import keep_reading
from ingest.video.ring import Ring
from ingest.video.stream import StreamInfo, Transport

log = logging.getLogger(__name__)

NAP = 0.2
"""Seconds by which its packets may come late: they are only kept, and one wake-up handles several."""


class Original:
    """One main stream. `url` may carry user and password; nothing that leaves this object does."""

    def __init__(
        self,
        device: str,
        url: str,
        *,
        clock: Callable[[], datetime],
        transport: Transport = "tcp",
        ring_seconds: float = 12.0,
        ring_bytes: int = 32_000_000,
    ) -> None:
        self._device = device
        self._url = url
        self._transport = transport
        self._clock = clock
        self._ring = Ring(ring_seconds, ring_bytes)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"original-{device}", daemon=True)
        self._lock = threading.Lock()
        self._info: StreamInfo | None = None
        self._began = clock()
        self._last: datetime | None = None
        self._failure: tuple[str, str] | None = None

    def start(self) -> None:
        """Begin to read; returns at once."""
        self._thread.start()

    def ask_stop(self) -> None:
        """Let the thread end at its next packet or timeout; returns at once."""
        self._stop.set()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread; false when it did not end within `timeout` seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def away(self, now: datetime) -> str | None:
        """Why nothing of it has come for 10 s, in words; None while it comes."""
        with self._lock:
            if now - (self._last or self._began) < SILENCE:
                return None
            return (
                f"the main stream is away: {self._failure[1]}"
                if self._failure
                else "the main stream is silent"
            )

    def keep(self, since: datetime, until: datetime) -> None:
        """Let nothing go that came at `since` or later, before `until` is there (as far as bytes allow)."""
        self._ring.keep(since, until)

    def window(self, start: datetime, end: datetime) -> tuple[StreamInfo, tuple[Packet, ...]] | None:
        """What is kept from the keyframe before `start` to `end`; None when nothing of that time is."""
        with self._lock:
            info = self._info
        packets = self._ring.window(start, end)
        return (info, packets) if info is not None and packets else None

    def _run(self) -> None:
        keep_reading(
            f"{self._device} (main stream)",
            self._url,
            transport=self._transport,
            on_stream=self._begin,
            on_packet=self._take,
            on_failure=self._fail,
            stop=self._stop,
            clock=self._clock,
            nap=lambda: NAP,
        )

    def _begin(self, info: StreamInfo) -> None:
        with self._lock:
            if self._info is not None and not self._info.same_coding(info):
                self._ring.clear()
            self._info = info

    def _take(self, packet: Packet, raw: av.Packet[VideoStream]) -> None:
        del raw  # Camera's seam, not needed here
        with self._lock:
            self._last = packet.at
            self._failure = None
        self._ring.add(packet)

    def _fail(self, reason: str, message: str) -> None:
        with self._lock:
            new = self._failure is None or self._failure[0] != reason
            self._failure = (reason, message)
        if new:  # once per cause, not once per attempt
            log.warning("camera %s: main stream: %s (%s), trying again", self._device, message, reason)
